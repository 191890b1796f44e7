// Says what is wrong with each HIPPOFACTS that is open: a moment after the last keystroke, and whenever files, settings
// or servers are others. What is known of the disk first, then what the servers say.

import type { Versioning } from '../../hippofacts/check.ts';
import type { Problem } from '../../hippofacts/problem.ts';
import type { App } from '../app.ts';
import { Disposables, type Disposable } from '../disposables.ts';
import { isCancelled } from '../failure.ts';
import type { ProblemBoard } from '../problem-board.ts';
import type { LanguageDocuments, TextDocument } from './documents.ts';

/** Ms after a keystroke in which there may come another one. */
export const TYPING = 200;

interface Run {
  readonly version: number;
  readonly cancel: AbortController;
  /** What the disk says, once it is known; fails with the signal's reason. */
  readonly local: Promise<readonly Problem[]>;
}

export class Diagnoser implements Disposable {
  readonly #app: Pick<App, 'clock' | 'settings' | 'guard'>;
  readonly #documents: LanguageDocuments;
  readonly #board: ProblemBoard;
  readonly #disposables = new Disposables();
  readonly #waiting = new Map<string, Disposable>();
  readonly #runs = new Map<string, Run>();

  constructor(
    app: Pick<App, 'clock' | 'settings' | 'guard'>,
    documents: LanguageDocuments,
    board: ProblemBoard,
  ) {
    this.#app = app;
    this.#documents = documents;
    this.#board = board;
    this.#disposables.add(
      documents.onDidChangeFacts((changed) => {
        for (const document of changed) this.look(document);
      }),
    );
    this.#disposables.add(
      app.settings.onDidChange(['hippo.publish.mode', 'hippo.publish.allow', 'hippo.language.severity'], () =>
        this.lookAtAll(),
      ),
    );
  }

  /** The text has changed: soon. */
  edited(document: TextDocument): void {
    const uri = document.uri.toString();
    this.#stop(uri);
    this.#board.edit(uri);
    this.#waiting.set(
      uri,
      this.#app.clock.after(TYPING, () => this.look(document)),
    );
  }

  /** Now. */
  look(document: TextDocument): void {
    this.#start(document);
  }

  lookAtAll(): void {
    for (const document of this.#documents.all) this.look(document);
  }

  closed(document: TextDocument): void {
    const uri = document.uri.toString();
    this.#stop(uri);
    this.#runs.delete(uri);
    this.#board.close(uri);
  }

  /** What is wrong with the text as it is now, servers aside where they take longer. @throws the signal's reason */
  async problemsOf(document: TextDocument): Promise<readonly Problem[]> {
    const uri = document.uri.toString();
    let run = this.#runs.get(uri);
    if (run?.version !== document.version) run = this.#start(document);
    for (;;)
      try {
        await run.local;
        return this.#board.of(uri);
      } catch (error) {
        // Another look may have overtaken this one; there is none after an edit, nor of what is closed.
        const next = this.#runs.get(uri);
        if (!next || next === run || !isCancelled(error)) throw error;
        run = next;
      }
  }

  dispose(): void {
    for (const uri of [...this.#waiting.keys(), ...this.#runs.keys()]) this.#stop(uri);
    this.#disposables.dispose();
  }

  #start(document: TextDocument): Run {
    const uri = document.uri.toString();
    this.#stop(uri);
    const cancel = new AbortController();
    const { promise: local, resolve, reject } = Promise.withResolvers<readonly Problem[]>();
    // Most of the time nobody waits for it.
    local.catch(() => undefined);
    const run: Run = { version: document.version, cancel, local };
    this.#runs.set(uri, run);
    const work = async (): Promise<void> => {
      try {
        await this.#diagnose(document, cancel.signal, resolve);
        resolve([]);
      } catch (error) {
        reject(error);
        if (!isCancelled(error)) throw error;
      }
    };
    void this.#app.guard.quietly('Looking for problems of HIPPOFACTS', work);
    return run;
  }

  async #diagnose(
    document: TextDocument,
    signal: AbortSignal,
    onLocal: (problems: readonly Problem[]) => void,
  ): Promise<void> {
    const known = await this.#documents.of(document);
    signal.throwIfAborted();
    if (!known) return;
    const { settings } = this.#app;
    const { analysis, uri, manifest, facts } = known;
    const versioning: Versioning =
      settings.get('hippo.publish.mode', uri) === 'production' ? 'production' : 'dev';
    const allow = settings.get('hippo.publish.allow', uri);
    const looks = analysis.diagnoseProject(manifest, facts, { versioning, allow, signal });
    for await (const { problems, complete } of looks) {
      signal.throwIfAborted();
      this.#board.watch(uri, problems, complete);
      onLocal(problems);
    }
  }

  #stop(uri: string): void {
    this.#waiting.get(uri)?.dispose();
    this.#waiting.delete(uri);
    this.#runs.get(uri)?.cancel.abort();
  }
}
