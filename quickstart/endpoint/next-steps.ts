/** Owns the words that the quickstart ends with: what a person would type next. */
import { isAbsolute, relative } from 'node:path';
import { irisQuestion } from './ask.ts';

/** Returns `path` as a person in `cwd` would type it. */
export function typed(path: string, cwd: string): string {
  const short = relative(cwd, path);
  const inside = short !== '' && !short.startsWith('..') && !isAbsolute(short);
  const text = inside ? short : path;
  return /^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Returns the lines that show how to call the endpoint and how to look at it. */
export function nextSteps(options: {
  readonly url: string;
  readonly token: string;
  readonly kubeconfig: string;
  readonly logs: string;
  readonly cwd: string;
}): string {
  const token = typed(options.token, options.cwd);
  const kubectl = `KUBECONFIG=${typed(options.kubeconfig, options.cwd)} kubectl`;
  return `Ask it yourself (in another terminal):

  curl -H "Authorization: Bearer $(cat ${token})" -H 'Content-Type: application/json' \\
    -d '${JSON.stringify(irisQuestion)}' \\
    ${options.url}

Look at it:

  ${kubectl} get servingendpoints
  ${kubectl} describe servingendpoint iris
  ${kubectl} get pods --all-namespaces

Logs: ${typed(options.logs, options.cwd)}/<pod>/<container>.log`;
}
