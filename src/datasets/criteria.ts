import type { z } from 'zod';
import type { TaggedResource, TaggedResourceMap } from '../contracts/dataset.ts';
import { PipelineError } from '../contracts/errors.ts';
import type { CaseResource } from '../contracts/stages/prepare-session.ts';
import type { CatalogueCase } from './catalogue.ts';
import { type TextTest, valueMatcher } from './value-matcher.ts';

type Resource = z.infer<typeof CaseResource>;
type TaggedResourceOf = z.infer<typeof TaggedResource>;

const ATTRIBUTES = ['SeriesDescription', 'ResourceFormat', 'ResourceContent', 'ResourceLabel'] as const;
type Attribute = (typeof ATTRIBUTES)[number];

const MAX_TAGS = 16;
const MAX_VALUES = 64;

/** One tag of a definition, ready to be asked which resources of a case it means. */
export interface TagMatcher {
  readonly tag: string;
  find(candidate: CatalogueCase): Resource[];
}

/**
 * Compiles a `TaggedResourceMap`. Values of one attribute are OR'ed, attributes AND'ed, all on the same
 * resource: the one matcher that both validation and resolution use.
 *
 * @throws InvalidRequest when two entries have one tag, an entry has no attribute, or a regular expression is
 *   outside the supported subset.
 */
export function compileCriteria(criteria: TaggedResourceMap): TagMatcher[] {
  const entries = Object.entries(criteria);
  if (entries.length === 0 || entries.length > MAX_TAGS) {
    throw invalid(
      `a definition needs 1 to ${MAX_TAGS} tags and has ${entries.length}; name at least image and label`,
    );
  }
  const matchers = entries.map(([field, resource]) => tagMatcher(field, resource));
  const repeated = matchers.find(
    ({ tag }, index) => matchers.findIndex((other) => other.tag === tag) < index,
  );
  if (repeated) {
    throw invalid(`two entries have the tag "${repeated.tag}"; give each its own`);
  }
  return matchers;
}

function tagMatcher(field: string, resource: TaggedResourceOf): TagMatcher {
  const tag = resource.tag ?? uncapitalise(field);
  const tests = ATTRIBUTES.flatMap((attribute) => {
    const value = resource[attribute];
    return value === undefined ? [] : [{ attribute, test: anyOf(attribute, value) }];
  });
  if (tests.length === 0) {
    throw invalid(`"${field}" names no attribute; give at least one of ${ATTRIBUTES.join(', ')}`);
  }
  return {
    tag,
    find: (candidate) =>
      candidate.resources.filter((found) =>
        tests.every(({ attribute, test }) => test(attributeOf(attribute, candidate, found))),
      ),
  };
}

function anyOf(attribute: Attribute, value: string | readonly string[]): TextTest {
  const values = typeof value === 'string' ? [value] : value;
  if (values.length > MAX_VALUES) {
    throw invalid(`${attribute} has ${values.length} values; use at most ${MAX_VALUES}`);
  }
  const tests = values.map(valueMatcher);
  return (text) => tests.some((test) => test(text));
}

function attributeOf(attribute: Attribute, candidate: CatalogueCase, resource: Resource): string {
  switch (attribute) {
    case 'SeriesDescription':
      return candidate.seriesDescription;
    case 'ResourceFormat':
      return resource.format;
    case 'ResourceContent':
      return resource.content;
    case 'ResourceLabel':
      return resource.label;
  }
}

function uncapitalise(field: string): string {
  return field.charAt(0).toLowerCase() + field.slice(1);
}

function invalid(message: string): PipelineError {
  return new PipelineError('InvalidRequest', message);
}
