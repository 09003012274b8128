// The only translator between visits and BullMQ's jobs.
import type { Job, JobsOptions } from 'bullmq';
import { z } from 'zod';
import type { Appointment } from './change.ts';

/** BullMQ refuses `:` in names. */
export function queueName(account: string): string {
  return `visits.${account}`;
}

const JobData = z.object({ ticket: z.string() });

/**
 * An appointment as a job. Its id is the ticket and the appointment's number, so BullMQ itself makes one job of an
 * appointment that is told twice; nothing of it is kept once it has run, or the same id could not be used again.
 */
export function toJob(appointment: Appointment): { name: string; data: { ticket: string }; options: JobsOptions } {
  return {
    name: 'visit',
    data: { ticket: appointment.ticket },
    options: {
      jobId: jobId(appointment),
      delay: Math.max(0, Math.round(appointment.delayMs)),
      removeOnComplete: true,
      removeOnFail: true,
      stackTraceLimit: 1,
      // Live wishes carry no priority, which BullMQ serves before all that do.
      ...(appointment.class === 'clock' ? { priority: 10 } : {}),
    },
  };
}

/** The id of an appointment's job. */
export function jobId({ ticket, number, isLate }: Pick<Appointment, 'ticket' | 'number' | 'isLate'>): string {
  // BullMQ refuses `:` in ids, which a ticket that is named by its number has.
  const id = `${ticket.replaceAll(':', '~')}.${number}`;
  return isLate === true ? `${id}.late` : id;
}

/** The ticket a job is about. Throws when the job is none of ours. */
export function ticketOf(job: Pick<Job, 'data'>): string {
  return JobData.parse(job.data).ticket;
}
