import { Injectable } from '@nestjs/common';
import type { EventType, JobEvent } from '../../domain/job/event.js';
import { Database } from './database.js';
import { EventEntity } from './entities/fine-tune-job.entities.js';
import type { Transaction } from './transaction.js';

/** What happened to each job. */
@Injectable()
export class EventRepository {
  constructor(private readonly database: Database) {}

  /** Adds an event inside the transaction of what it reports. */
  append(
    manager: Transaction,
    jobId: string,
    type: EventType,
    payload: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    return this.appendAll(manager, jobId, type, [payload]);
  }

  /**
   * Adds events of one type, in the order given, inside the transaction of what they report. The lock, held until that
   * transaction ends, keeps the numbers of one job without gaps and visible in order.
   */
  async appendAll(
    manager: Transaction,
    jobId: string,
    type: EventType,
    payloads: readonly Readonly<Record<string, string>>[],
  ): Promise<void> {
    if (payloads.length === 0) return;
    await manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [jobId]);
    await manager.query(
      `INSERT INTO events (job_id, seq, type, payload)
       SELECT $1::text, latest.seq + given.place, $2::text, given.payload
         FROM (SELECT coalesce(max(seq), 0) AS seq FROM events WHERE job_id = $1::text) latest,
              jsonb_array_elements($3::jsonb) WITH ORDINALITY AS given (payload, place)`,
      [jobId, type, JSON.stringify(payloads)],
    );
  }

  /** Events after `seq`, oldest first, at most `count`. */
  async list(jobId: string, afterSeq: number, count: number): Promise<JobEvent[]> {
    const rows = await this.database.entities((manager) =>
      manager
        .createQueryBuilder(EventEntity, 'event')
        .where('event.jobId = :jobId AND event.seq > :afterSeq', { jobId, afterSeq })
        .orderBy('event.seq')
        .limit(count)
        .getMany(),
    );
    return rows.map(({ seq, type, payload, time }) => ({ seq, type, payload, time: time.toISOString() }));
  }
}
