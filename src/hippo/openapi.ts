// The API's description in OpenAPI 3.1, written from the route table.

import type { TSchema } from 'typebox';
import { ProblemDetails } from './common.ts';
import { routes, type Route } from './routes.ts';

/**
 * @param version of the product
 * @param more routes that are served beside Hippo's own
 */
export function openApi(version: string, more: Readonly<Record<string, Route>> = {}): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const [operationId, route] of Object.entries<Route>({ ...routes, ...more }))
    (paths[route.path] ??= {})[route.method.toLowerCase()] = operation(operationId, route);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Hippo',
      version,
      description: 'The REST API of Hippo in its final form, with the additions of Hippo Tools.',
    },
    paths,
    components: {
      schemas: { ProblemDetails: plain(ProblemDetails) },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function operation(operationId: string, route: Route): object {
  const { summary, access, status } = route;
  return {
    operationId,
    summary,
    tags: [route.path.split('/')[2] ?? ''],
    security: access === 'anyone' ? [] : [{ bearer: [] }],
    parameters: parameters(route),
    ...requestBody(route),
    responses: {
      [status]: {
        description: status === 204 ? 'Done.' : status === 201 ? 'Created.' : 'The answer.',
        ...(route.answer === undefined
          ? {}
          : { content: { [route.answerType ?? 'application/json']: { schema: plain(route.answer) } } }),
      },
      default: {
        description: 'What is wrong.',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDetails' } } },
      },
    },
  };
}

function parameters({ path, query }: Route): object[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const properties = (query as { properties?: Record<string, TSchema> } | undefined)?.properties ?? {};
  const inQuery = Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema: plain(schema),
  }));
  return [...inPath, ...inQuery];
}

function requestBody({ body, bodyType }: Route): object {
  if (bodyType !== undefined)
    return {
      requestBody: {
        required: true,
        content: { [bodyType]: { schema: { type: 'string', format: 'binary' } } },
      },
    };
  return body === undefined
    ? {}
    : { requestBody: { required: true, content: { 'application/json': { schema: plain(body) } } } };
}

/** Without what only this program reads. */
function plain(schema: TSchema): object {
  return JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => (key === 'numbers' ? undefined : value)),
  ) as object;
}
