import { expect, it } from 'vitest';
import type { Appointment } from '../../../src/change/change.ts';
import { jobId, ticketOf, toJob } from '../../../src/change/job.ts';

const appointment: Appointment = { ticket: 't1', account: 'main', number: 7, delayMs: 0, class: 'live' };

it('a job holds the ticket and no status, and nothing of it stays once it has run', () => {
  const { data, options } = toJob(appointment);
  expect(data).toEqual({ ticket: 't1' });
  expect(ticketOf({ data })).toBe('t1');
  expect(options).toMatchObject({ removeOnComplete: true, removeOnFail: true });
});

it('an appointment that is told twice is one job, a late one gets a second', () => {
  expect(toJob(appointment).options.jobId).toBe(toJob({ ...appointment, delayMs: 500 }).options.jobId);
  const ids = [appointment, { ...appointment, number: 8 }, { ...appointment, isLate: true }].map(jobId);
  expect(new Set(ids).size).toBe(3);
});

it('the id of a job about a numbered ticket is one that BullMQ takes', () => {
  expect(jobId({ ticket: 'number:30@0b6f1d3e', number: 1 })).toBe('number~30@0b6f1d3e.1');
});

it('what an event wants is served before what a clock rule wants', () => {
  // BullMQ serves jobs without priority before all that have one.
  expect(toJob(appointment).options.priority).toBeUndefined();
  expect(toJob({ ...appointment, class: 'clock' }).options.priority).toBeGreaterThan(0);
});
