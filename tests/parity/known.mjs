// The components of MJML's own compiler as JSON: {name: {attribute: type}}. Its argument is the folder of npm.
import { createRequire } from 'node:module'

const found = createRequire(`${process.argv[2]}/`)('mjml-preset-core')
const known = {}
for (const component of (found.default ?? found).components) {
  known[component.componentName ?? component.getTagName()] = component.allowedAttributes ?? {}
}
process.stdout.write(JSON.stringify(known))
