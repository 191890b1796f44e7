// Every HIPPOFACTS that is open: its text as a manifest, parsed once for each version, and what is known of its files.

import { dirname } from 'node:path';
import type { ServerFacts } from '../../hippofacts/facts.ts';
import type { Manifest } from '../../hippofacts/parse.ts';
import type { DiskFacts } from '../../hippofacts/project-facts.ts';
import type { App } from '../app.ts';
import { Emitter, type Disposable, type Event } from '../disposables.ts';
import { WatchedProject, type Analysis, type Watch } from './watched-project.ts';

/** What we need of VS Code's. */
export interface TextDocument {
  readonly uri: { readonly fsPath: string; toString(): string };
  readonly version: number;
  readonly isClosed: boolean;
  getText(): string;
}

/** A document at one version of it. */
export interface Known {
  readonly analysis: Analysis;
  readonly uri: string;
  readonly version: number;
  readonly manifest: Manifest;
  readonly facts: DiskFacts;
}

interface Entry {
  readonly document: TextDocument;
  readonly project: WatchedProject;
  known: Known;
}

export interface DocumentsNeeds {
  readonly app: Pick<App, 'clock' | 'log'>;
  readonly analysis: () => Promise<Analysis>;
  readonly server: ServerFacts;
  readonly watch: Watch;
}

export class LanguageDocuments implements Disposable {
  readonly #needs: DocumentsNeeds;
  readonly #entries = new Map<string, Entry>();
  /** By folder. */
  readonly #projects = new Map<string, WatchedProject>();
  readonly #changed: Emitter<readonly TextDocument[]>;

  constructor(needs: DocumentsNeeds) {
    this.#needs = needs;
    this.#changed = new Emitter((error) => needs.app.log.error('A listener failed', error));
  }

  /** Documents of which something besides the text has changed: files of the project. */
  get onDidChangeFacts(): Event<readonly TextDocument[]> {
    return this.#changed.event;
  }

  get all(): readonly TextDocument[] {
    return [...this.#entries.values()].map(({ document }) => document);
  }

  /** As it is now; undefined if it is closed. */
  async of(document: TextDocument): Promise<Known | undefined> {
    const analysis = await this.#needs.analysis();
    if (document.isClosed) return undefined;
    const uri = document.uri.toString();
    let entry = this.#entries.get(uri);
    const { version } = document;
    if (entry?.known.version === version) return entry.known;
    const manifest = analysis.parseManifest(document.getText());
    const project = entry?.project ?? this.#project(dirname(document.uri.fsPath), analysis);
    const known: Known = { analysis, uri, version, manifest, facts: project.facts };
    if (entry) entry.known = known;
    else this.#entries.set(uri, (entry = { document, project, known }));
    project.set(uri, manifest);
    return known;
  }

  /** Its files are looked at anew: nobody may have seen a change. */
  refresh(document: TextDocument): void {
    const entry = this.#entries.get(document.uri.toString());
    if (entry?.project.facts.forget()) this.#tell(entry.project);
  }

  refreshAll(): void {
    for (const project of this.#projects.values()) if (project.facts.forget()) this.#tell(project);
  }

  close(document: TextDocument): void {
    const uri = document.uri.toString();
    const entry = this.#entries.get(uri);
    if (!entry) return;
    this.#entries.delete(uri);
    const { project } = entry;
    project.remove(uri);
    if (!project.isIdle) return;
    project.dispose();
    this.#projects.delete(project.directory);
  }

  dispose(): void {
    for (const project of this.#projects.values()) project.dispose();
    this.#projects.clear();
    this.#entries.clear();
    this.#changed.dispose();
  }

  #project(directory: string, analysis: Analysis): WatchedProject {
    let project = this.#projects.get(directory);
    if (!project) {
      const { server, watch, app } = this.#needs;
      const onChange = (): void => this.#tell(made);
      const made = new WatchedProject(directory, { analysis, server, watch, clock: app.clock, onChange });
      this.#projects.set(directory, (project = made));
    }
    return project;
  }

  #tell(project: WatchedProject): void {
    this.#changed.fire(
      [...this.#entries.values()]
        .filter((entry) => entry.project === project)
        .map(({ document }) => document),
    );
  }
}
