// MJML's own compiler. Its argument is the folder where npm put it; standard input a JSON list of MJML sources;
// standard output a JSON list of {html, errors}, html null where it gives up.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const found = createRequire(`${process.argv[2]}/`)('mjml')
const mjml2html = found.default ?? found
const done = []
for (const source of JSON.parse(readFileSync(0, 'utf8'))) {
  try {
    const { html, errors } = await mjml2html(source, { validationLevel: 'soft', fonts: {}, useMjmlConfigOptions: false })
    done.push({ html, errors: errors.map((error) => error.message) })
  } catch (error) {
    done.push({ html: null, errors: [error.message] })
  }
}
process.stdout.write(JSON.stringify(done))
