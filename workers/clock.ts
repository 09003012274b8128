#!/usr/bin/env node
// Entry of a worker process for rules on the clock, and nothing else: `node dist/workers/clock.js [--config FILE]`. Their wishes
// are queued like every other; some worker has to run beside it to send them.
import { runEntry } from '../src/cli/entry.ts';

runEntry('clock', { receiver: false, visits: false, clock: true });
