import 'reflect-metadata';

/** A role runs until it has nothing more to do, or until SIGTERM or SIGINT shuts it down. @returns the exit code. */
type Role = (args: readonly string[]) => Promise<number>;

/** Loaded one at a time: only a worker's child process may load TensorFlow. */
const ROLES: ReadonlyMap<string, () => Promise<{ readonly run: Role }>> = new Map<
  string,
  () => Promise<{ readonly run: Role }>
>([
  ['api', () => import('./roles/api.js')],
  ['coordinator', () => import('./roles/coordinator.js')],
  ['worker', () => import('./roles/worker.js')],
  ['sweep', () => import('./roles/sweep.js')],
  ['standalone', () => import('./roles/standalone.js')],
]);

async function main(name: string | undefined, args: readonly string[]): Promise<number> {
  const load = ROLES.get(name ?? '');
  if (load === undefined) {
    process.stderr.write(`Name a role: node . <${[...ROLES.keys()].join(' | ')}>\n`);
    return 2;
  }
  return (await load()).run(args);
}

main(process.argv[2], process.argv.slice(3)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
