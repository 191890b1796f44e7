// Routes that no request reaches, in words.

import type { Manifest } from './parse.ts';
import type { Problem, Related } from './problem.ts';
import { quote } from './quote.ts';
import { HEALTH_PATH, routeFaults, type RouteFault } from './routes.ts';

export function routeProblems({ handlers }: Manifest): Problem[] {
  const routed = handlers.flatMap(({ route }) =>
    route?.value === undefined ? [] : { text: route.value, range: route.range },
  );
  const faults = routeFaults(routed.map(({ text }) => text));
  return [...faults].flatMap(([index, fault]) => {
    const route = routed[index];
    if (!route) return [];
    const by = fault.kind === 'shadowed' ? routed[fault.by] : undefined;
    return { severity: 'warning', range: route.range, ...describeRoute(route.text, fault, by) };
  });
}

type Described = Pick<Problem, 'code' | 'message' | 'replacement' | 'related'>;

function describeRoute(
  route: string,
  fault: RouteFault,
  by: { text: string; range: Problem['range'] } | undefined,
): Described {
  const related = (message: string): { related?: Related[] } =>
    by ? { related: [{ range: by.range, message }] } : {};
  switch (fault.kind) {
    case 'shadowed': {
      const line = (by?.range.start.line ?? 0) + 1;
      const message =
        by?.text === route
          ? `Route '${route}' never answers: the handler on line ${line} has the same route and comes first`
          : `Route '${route}' never answers: '${by?.text}' on line ${line} comes first and takes it`;
      return { code: 'route-shadowed', message, ...related('This route comes first') };
    }
    case 'health':
      return {
        code: 'route-healthz',
        message: `Route '${route}' never answers: ${HEALTH_PATH} is answered by WAGI itself, before any handler`,
      };
    case 'unreachable': {
      const { reason, instead } = fault;
      const message = `Route '${route}' never answers: ${reason}`;
      return {
        code: 'route-unreachable',
        message: instead === undefined ? message : `${message}, write ${instead}`,
        ...(instead !== undefined && { replacement: quote(instead) }),
      };
    }
    case 'literal':
      return {
        code: 'route-wildcard',
        message: `Route '${route}' is taken by the letter: ${fault.instead} answers for all that lies below`,
        replacement: quote(fault.instead),
      };
  }
}
