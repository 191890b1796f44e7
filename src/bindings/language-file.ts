// What a language.json of scaffold/bindings/ holds; README.md there says it to people.

import Type from 'typebox';

const Text = Type.String({ minLength: 1 });
/** A regular expression, which may have placeholders. */
const Pattern = Text;
const options = { additionalProperties: false };

const Import = Type.Object(
  {
    /** A line to have: `import { Client } from 'pg';` */
    line: Text,
    /** What finds it in whatever form it stands there. */
    present: Pattern,
    /** The name that it brings, and the line that brings it as `{{alias}}` where the name is taken. */
    name: Type.Optional(Text),
    aliased: Type.Optional(Text),
  },
  options,
);

const Dependency = Type.Object(
  {
    /** `package.json`, `Cargo.toml`, `requirements.txt`, `go.mod`. */
    in: Type.Enum(['package.json', 'Cargo.toml', 'requirements.txt', 'go.mod']),
    name: Text,
    version: Text,
    /** Only for development: types. */
    dev: Type.Optional(Type.Boolean()),
  },
  options,
);

const FormFile = Type.Object(
  {
    style: Type.Enum(['host-call', 'environment']),
    /** Of host calls. */
    interface: Type.Optional(Type.Enum(['sql', 'kv'])),
    /** Names of offerings whose address it knows what to do with; absent: for all others. */
    offerings: Type.Optional(Type.Array(Text)),
    /** File with what stands at the top level. */
    code: Text,
    /** File with what goes into a function's body at the cursor. */
    use: Type.Optional(Text),
    imports: Type.Optional(Type.Array(Import)),
    dependencies: Type.Optional(Type.Array(Dependency)),
  },
  options,
);

export const LanguageFile = Type.Object(
  {
    name: Text,
    languageIds: Type.Array(Text),
    extensions: Type.Array(Type.String({ pattern: '^\\.\\w+$' }), { minItems: 1 }),
    /** Files that stand in a project's folder; the first that is found above a file makes it the project. */
    projects: Type.Array(Text),
    case: Type.Enum(['snake', 'camel']),
    /** Words that name nothing else. */
    reserved: Type.Optional(Type.Array(Text)),
    syntax: Type.Object(
      {
        comment: Pattern,
        string: Pattern,
        /** How comments that hold comments begin and end. */
        nested: Type.Optional(Type.Array(Text, { minItems: 2, maxItems: 2 })),
        /** What stands before the brace of a function's body or another block of statements; absent: no braces. */
        block: Type.Optional(Pattern),
      },
      options,
    ),
    imports: Type.Object(
      {
        /** A whole import. */
        is: Pattern,
        /** What must stand before imports. */
        before: Type.Optional(Pattern),
      },
      options,
    ),
    /** Finds a host call of the add-on `{{name}}`. */
    hostCall: Type.Optional(Pattern),
    guess: Type.Optional(
      Type.Object(
        {
          /** A file of the project that only this language has. */
          beside: Type.Optional(Text),
          /** Of the file, from the project's folder. */
          path: Type.Optional(Pattern),
          /** Of its text. */
          content: Type.Optional(Pattern),
        },
        options,
      ),
    ),
    /** Where a module of its own goes. */
    module: Type.Object(
      {
        path: Text,
        /** The line by which it becomes part of the program. */
        declare: Type.Optional(Text),
      },
      options,
    ),
    /** Files of which the first that is there is the program, for lines that declare modules. */
    roots: Type.Optional(Type.Array(Text)),
    /** What its host calls need in the project. */
    library: Type.Optional(
      Type.Object(
        {
          name: Text,
          /** From `scaffold/`, and to where below the project's folder. The first is the one that is imported. */
          files: Type.Array(Type.Object({ from: Text, to: Text }, options), { minItems: 1 }),
          declare: Type.Optional(Text),
          /** Where the program lies in another folder: `{{libraryPath}}` leads to the library. */
          declareElsewhere: Type.Optional(Text),
        },
        options,
      ),
    ),
    forms: Type.Array(FormFile, { minItems: 1 }),
  },
  options,
);
