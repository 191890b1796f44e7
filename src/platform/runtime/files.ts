// The files of an app as a guest sees them: in memory, read-only, below `/`. The shim's own classes can be
// written to in places that their read-only mark does not cover; these refuse every change.

import {
  Directory,
  File,
  OpenDirectory,
  OpenFile,
  wasi,
  type Fd,
  type Inode,
} from '@bjorn3/browser_wasi_shim';

/** Path in the bindle → content. Shared memory, so that every worker reads the same bytes. */
export type FileContents = ReadonlyMap<string, SharedArrayBuffer>;

type Tree = Map<string, Tree | SharedArrayBuffer>;

/** The root of an app's files. Build it once: no guest can change it. */
export function fileSystem(files: FileContents): Directory {
  const tree: Tree = new Map();
  for (const [path, content] of files) place(tree, path, content);
  return directory(tree);
}

/** A descriptor of the root for one run, to be handed over as a preopened directory named `/`. */
export function mount(root: Directory): Fd {
  return new MountedRoot(root);
}

/** Of two paths that exclude each other (`a` and `a/b`), the one that came first stays. */
function place(tree: Tree, path: string, content: SharedArrayBuffer): void {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  const base = names.pop();
  if (base === undefined || base === '..' || names.includes('..')) return;
  let parent = tree;
  for (const name of names) {
    const next: Tree | SharedArrayBuffer = parent.get(name) ?? new Map();
    if (!(next instanceof Map)) return;
    parent.set(name, next);
    parent = next;
  }
  if (!parent.has(base)) parent.set(base, content);
}

function directory(tree: Tree): Directory {
  return new ReadOnlyDirectory(
    [...tree].map(([name, entry]): [string, Inode] => [
      name,
      entry instanceof Map ? directory(entry) : new ReadOnlyFile(entry),
    ]),
  );
}

class ReadOnlyFile extends File {
  constructor(content: SharedArrayBuffer | Uint8Array) {
    super(content, { readonly: true });
  }

  override path_open(oflags: number, rights: bigint, fdFlags: number): { ret: number; fd_obj: OpenFile } {
    const opened = super.path_open(oflags, rights, fdFlags);
    return opened.ret === wasi.ERRNO_SUCCESS ? { ...opened, fd_obj: new OpenReadOnlyFile(this) } : opened;
  }
}

class OpenReadOnlyFile extends OpenFile {
  override fd_allocate(): number {
    return wasi.ERRNO_ROFS;
  }
  override fd_filestat_set_size(): number {
    return wasi.ERRNO_ROFS;
  }
}

class ReadOnlyDirectory extends Directory {
  override path_open(): { ret: number; fd_obj: OpenDirectory } {
    return { ret: wasi.ERRNO_SUCCESS, fd_obj: new OpenReadOnlyDirectory(this) };
  }
  override create_entry_for_path(): { ret: number; entry: Inode | null } {
    return { ret: wasi.ERRNO_ROFS, entry: null };
  }
}

class OpenReadOnlyDirectory extends OpenDirectory {
  override path_link(): number {
    return wasi.ERRNO_ROFS;
  }
  override path_unlink(): { ret: number; inode_obj: Inode | null } {
    return { ret: wasi.ERRNO_ROFS, inode_obj: null };
  }
  override path_unlink_file(): number {
    return wasi.ERRNO_ROFS;
  }
  override path_remove_directory(): number {
    return wasi.ERRNO_ROFS;
  }
}

class MountedRoot extends OpenReadOnlyDirectory {
  override fd_prestat_get(): { ret: number; prestat: wasi.Prestat } {
    return { ret: wasi.ERRNO_SUCCESS, prestat: wasi.Prestat.dir('/') };
  }
}
