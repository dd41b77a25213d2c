import { bringUpToDate } from '../../schemas/tools/generated-files.ts';
import { principals } from '../acls.ts';
import { topicCatalogue } from '../catalogue.ts';
import { aclPage } from './acl-page.ts';
import { asyncApiDocument } from './asyncapi.ts';
import { READING_GUIDE } from './reading-guide.ts';
import { strimziTopics, strimziUsers } from './strimzi.ts';
import { topicIndex, topicPage } from './topic-page.ts';

/** The texts of the pages, of the AsyncAPI document and of the objects of Strimzi, by path in the repository. */
export function topicDocs(): Map<string, string> {
  return new Map([
    ['docs/topics/README.md', topicIndex(topicCatalogue, READING_GUIDE)],
    ...topicCatalogue.map((topic): [string, string] => [`docs/topics/${topic.name}.md`, topicPage(topic)]),
    ['docs/topics/acls.md', aclPage(principals)],
    ['k8s/components/strimzi-topics/topics.yaml', strimziTopics(topicCatalogue)],
    ['k8s/components/strimzi-topics/users.yaml', strimziUsers(principals)],
    ['docs/topics/asyncapi.json', `${JSON.stringify(asyncApiDocument(topicCatalogue), null, 2)}\n`],
  ]);
}

if (import.meta.main) {
  process.exitCode = bringUpToDate(topicDocs(), { check: process.argv.includes('--check') });
}
