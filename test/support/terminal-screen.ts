// What a person sees of what a program has written to a terminal: the control characters that ours use, applied.

const CONTROL = /\u001b\[([?0-9;]*)([A-Za-z])|\u001b[=>78]/y;

export class TerminalScreen {
  readonly #columns: number;
  #lines: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(columns: number) {
    this.#columns = columns;
  }

  /** The lines, blanks at their ends left out. */
  get lines(): string[] {
    return this.#lines.map((line) =>
      Array.from(line, (character) => character ?? ' ')
        .join('')
        .trimEnd(),
    );
  }

  get text(): string {
    return this.lines.join('\n');
  }

  write(text: string): void {
    for (let at = 0; at < text.length;) {
      CONTROL.lastIndex = at;
      const control = CONTROL.exec(text);
      if (control) {
        this.#control(control[1] ?? '', control[2] ?? '');
        at = CONTROL.lastIndex;
      } else {
        const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
        this.#put(character);
        at += character.length;
      }
    }
  }

  #put(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#moveTo(this.#row + 1, this.#column);
    else if (character === '\b') this.#column = Math.max(0, this.#column - 1);
    else if (character >= ' ') {
      // The margin is passed only when something follows.
      if (this.#column === this.#columns) this.#moveTo(this.#row + 1, 0);
      this.#line[this.#column++] = character;
    }
  }

  #control(parameters: string, command: string): void {
    const number = Number(parameters) || 0;
    if (command === 'K') this.#erase(number);
    else if (command === 'J') {
      this.#erase(number);
      if (number === 0) this.#lines.length = this.#row + 1;
    } else if (command === 'A') this.#moveTo(Math.max(0, this.#row - (number || 1)), this.#column);
    else if (command === 'B') this.#moveTo(this.#row + (number || 1), this.#column);
    else if (command === 'C') this.#column = Math.min(this.#columns - 1, this.#column + (number || 1));
    else if (command === 'D') this.#column = Math.max(0, this.#column - (number || 1));
    else if (command === 'G') this.#column = (number || 1) - 1;
  }

  #erase(how: number): void {
    if (how === 0) this.#line.length = Math.min(this.#line.length, this.#column);
    else if (how === 1) this.#line.fill(' ', 0, this.#column);
    else this.#line.length = 0;
  }

  #moveTo(row: number, column: number): void {
    while (this.#lines.length <= row) this.#lines.push([]);
    this.#row = row;
    this.#column = column;
  }

  get #line(): string[] {
    return this.#lines[this.#row] as string[];
  }
}
