import { finish, type Progress, type Sliced } from "../../lib/slices.ts";

interface Task {
  /** One slice. @returns whether that was the last. */
  readonly slice: () => Promise<boolean>;
  readonly finish: () => Promise<void>;
  readonly abandon: () => Promise<void>;
}

/**
 * What is measured between a run's steps, a slice at a time, so that neither waits long for the other. Things are
 * measured in the order in which they were added; what is added for later comes when nothing else is to be done.
 */
export class Measurements {
  private readonly tasks: Task[] = [];
  private readonly later: Task[] = [];

  /**
   * @param report told of slices that are not followed by a step.
   * @param cancelled once true it stays true, and what is not measured yet is left out.
   */
  constructor(
    private readonly report: (progress: Progress) => void,
    private readonly cancelled: () => boolean,
  ) {}

  get isEmpty(): boolean {
    return this.tasks.length + this.later.length === 0;
  }

  /** @param tell what becomes of the result. */
  add<T>(work: Sliced<T>, tell: (result: T) => void): void {
    this.tasks.push(this.task(work, tell));
  }

  addForLater<T>(work: Sliced<T>, tell: (result: T) => void): void {
    this.later.push(this.task(work, tell));
  }

  /** Does one slice of what comes next. */
  async slice(): Promise<void> {
    const lane = this.tasks.length > 0 ? this.tasks : this.later;
    const [task] = lane;
    if (task !== undefined && (await task.slice())) lane.shift();
  }

  /** Does all that is not for later. */
  async catchUp(): Promise<void> {
    for (let task = this.tasks.shift(); task !== undefined; task = this.tasks.shift()) await task.finish();
  }

  /** Does everything. */
  async finish(): Promise<void> {
    await this.catchUp();
    for (let task = this.later.shift(); task !== undefined; task = this.later.shift()) await task.finish();
  }

  /** Leaves out what is not done. */
  async abandon(): Promise<void> {
    for (const task of [...this.tasks.splice(0), ...this.later.splice(0)]) await task.abandon();
  }

  private task<T>(work: Sliced<T>, tell: (result: T) => void): Task {
    return {
      slice: async () => {
        const next = await work.next();
        if (next.done === true) tell(next.value);
        return next.done === true;
      },
      finish: async () => {
        const whole = await finish(work, this.report, this.cancelled);
        if (!this.cancelled()) tell(whole as T);
      },
      abandon: async () => {
        await work.return(undefined as never);
      },
    };
  }
}
