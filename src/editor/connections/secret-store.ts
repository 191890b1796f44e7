// Tokens and passwords in VS Code's SecretStorage, keyed by origin and user.

import type { Secret, SecretKey, SecretStore } from '../../session/secret-store.ts';
import type { App } from '../app.ts';

export class EditorSecretStore implements SecretStore {
  readonly #app: Pick<App, 'secrets' | 'log'>;

  constructor(app: Pick<App, 'secrets' | 'log'>) {
    this.#app = app;
  }

  async get(key: SecretKey): Promise<Secret | undefined> {
    const text = await this.#app.secrets.get(nameOf(key));
    if (text === undefined) return undefined;
    try {
      return this.#conceal(JSON.parse(text) as Secret);
    } catch {
      // A damaged one is as good as none: its owner signs in again.
      return undefined;
    }
  }

  async set(key: SecretKey, secret: Secret): Promise<void> {
    await this.#app.secrets.set(nameOf(key), JSON.stringify(this.#conceal(secret)));
  }

  async remove(key: SecretKey): Promise<boolean> {
    const known = (await this.#app.secrets.get(nameOf(key))) !== undefined;
    await this.#app.secrets.remove(nameOf(key));
    return known;
  }

  /** What comes by here is masked in the log, whatever prints it. */
  #conceal(secret: Secret): Secret {
    const { session, password } = secret;
    for (const text of [session?.token, session?.refreshToken, password])
      if (text !== undefined) this.#app.log.conceal(text);
    return secret;
  }
}

function nameOf(key: SecretKey): string {
  return `hippo ${accountOf(key)}`;
}

/** One text for each account. */
export function accountOf({ origin, userName }: SecretKey): string {
  return `${origin} ${userName}`;
}
