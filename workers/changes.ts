#!/usr/bin/env node
// Entry of a worker process that brings tickets to what we want, and nothing else: `node dist/workers/changes.js [--config FILE]`.
// `statuswire worker` is this and the clock in one process.
import { runEntry } from '../src/cli/entry.ts';

runEntry('changes', { receiver: false, visits: true, clock: false });
