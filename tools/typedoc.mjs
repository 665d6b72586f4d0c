// A plugin of TypeDoc. Documents stay plain Markdown: a page's title is its first heading, its folder tells its group.
// Code is grouped by the room that it is in, so that no docstring needs to say it.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommentTag, Converter, PageEvent } from 'typedoc';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The groups of pages, by their path. */
const pages = [
  [/^docs\//, 'Guide'],
  [/^bench\//, 'Measured'],
  [/./, 'Working on genmi'],
];
/** The groups of code, by its path. */
const rooms = [
  [/objectives\//, 'Objectives'],
  [/affinity/, 'Affinities'],
  [/transport|native/, 'Exact transport'],
  [/metrics|labels/, 'Metrics'],
  [/matrix|typed-arrays/, 'Data'],
  [/mixtures/, 'Mixtures'],
  [/tfjs/, 'Losses'],
  [/./, 'Process'],
];
const groupOf = (groups, file) => groups.find(([pattern]) => pattern.test(file))[1];

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const file = document.project.files.getReflectionPath(document);
    const title = document.content.map(({ text }) => /^# (.+)$/m.exec(text)?.[1]).find(Boolean);
    if (title === undefined) {
      app.logger.error(`${file} has no heading`);
      return;
    }
    document.name = title;
    document.frontmatter.group = groupOf(pages, path.relative(root, file));
  });
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.children ?? []) {
      for (const reflection of module.children ?? []) {
        const { fileName } = project.getSymbolIdFromReflection(reflection);
        const comment = reflection.comment ?? reflection.signatures?.[0]?.comment;
        comment?.blockTags.push(new CommentTag('@group', [{ kind: 'text', text: groupOf(rooms, fileName) }]));
      }
    }
  });
  // A place in README is linked as `../#place`, which is no file where pages are opened without a server.
  app.renderer.on(PageEvent.END, (page) => {
    page.contents = page.contents.replaceAll('href="../#', 'href="../index.html#');
    // README has a heading of its own.
    if (page.url === 'index.html')
      page.contents = page.contents.replace(/<div class="tsd-page-title">[\s\S]*?<\/div>/, '');
  });
}
