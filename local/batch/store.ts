import { mkdirSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { ComputeEnvironment, Job, JobDefinition, JobQueue } from "./job.ts";

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS jobs (seq INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS resources (kind TEXT NOT NULL, arn TEXT NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, arn));
  CREATE TABLE IF NOT EXISTS events (seq INTEGER PRIMARY KEY, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, body TEXT NOT NULL);
`;

type Resources = { definition: JobDefinition; queue: JobQueue; environment: ComputeEnvironment };

/** A stored event that waits for its delivery. */
export type StoredEvent = { seq: number; body: string };

/**
 * What the server must not forget: jobs, queues, definitions, undelivered events and misbehaviour rules, in one SQLite
 * file. Every write has reached the operating system before the call returns, so SIGKILL loses nothing. A power cut
 * may, because the server doesn't wait for the disk (synchronous = OFF).
 */
export class BatchStore {
  private readonly db: DatabaseSync;
  private readonly statements: Record<string, ReturnType<DatabaseSync["prepare"]>> = {};
  private depth = 0;

  constructor(stateDir: string) {
    mkdirSync(stateDir, { recursive: true });
    this.db = new DatabaseSync(path.join(stateDir, "batch.sqlite"));
    this.db.exec(SCHEMA);
  }

  private run(sql: string, ...values: (string | number)[]): number {
    this.statements[sql] ??= this.db.prepare(sql);
    return Number(this.statements[sql].run(...values).lastInsertRowid);
  }

  /** Runs `work` so that all its writes are stored or none. May be nested. */
  transaction<T>(work: () => T): T {
    if (this.depth > 0) return work();
    this.db.exec("BEGIN");
    this.depth++;
    try {
      const result = work();
      this.db.exec("COMMIT");
      return result;
    } catch (error) {
      this.db.exec("ROLLBACK");
      throw error;
    } finally {
      this.depth--;
    }
  }

  /** All jobs, in the order of their submission. */
  jobs(): Job[] {
    return this.db
      .prepare("SELECT body FROM jobs ORDER BY seq")
      .all()
      .map((row) => JSON.parse(String(row.body)) as Job);
  }

  saveJob(job: Job): void {
    this.run(
      "INSERT INTO jobs (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body",
      job.jobId,
      JSON.stringify(job),
    );
  }

  deleteJob(jobId: string): void {
    this.run("DELETE FROM jobs WHERE id = ?", jobId);
  }

  resources<K extends keyof Resources>(kind: K): Resources[K][] {
    return this.db
      .prepare("SELECT body FROM resources WHERE kind = ? ORDER BY rowid")
      .all(kind)
      .map((row) => JSON.parse(String(row.body)) as Resources[K]);
  }

  saveResource<K extends keyof Resources>(kind: K, arn: string, resource: Resources[K]): void {
    this.run(
      "INSERT INTO resources VALUES (?, ?, ?) ON CONFLICT (kind, arn) DO UPDATE SET body = excluded.body",
      kind,
      arn,
      JSON.stringify(resource),
    );
  }

  /** Events not delivered yet, oldest first. */
  events(): StoredEvent[] {
    return this.db
      .prepare("SELECT seq, body FROM events ORDER BY seq")
      .all()
      .map((row) => ({ seq: Number(row.seq), body: String(row.body) }));
  }

  /** Stores an event until {@link removeEvent}; returns its number. */
  addEvent(body: string): number {
    return this.run("INSERT INTO events (body) VALUES (?)", body);
  }

  removeEvent(seq: number): void {
    this.run("DELETE FROM events WHERE seq = ?", seq);
  }

  setting(name: string): unknown {
    const row = this.db.prepare("SELECT body FROM settings WHERE name = ?").get(name);
    return row === undefined ? undefined : JSON.parse(String(row.body));
  }

  saveSetting(name: string, value: unknown): void {
    this.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, JSON.stringify(value));
  }

  close(): void {
    this.db.close();
  }
}
