// Reads documents with @cityssm/green-button-parser and says what it found in each.
// Usage: node documents.mjs FILE…; prints one JSON array.
import { readFile } from 'node:fs/promises'
import { atomToGreenButtonJson } from '@cityssm/green-button-parser'

const found = []
for (const file of process.argv.slice(2)) {
  const feed = await atomToGreenButtonJson(await readFile(file, 'utf8'))
  const types = {}
  let readings = 0
  let values = 0n
  let costs = 0n
  for (const entry of feed.entries) {
    for (const [type, resource] of Object.entries(entry.content)) {
      const several = Array.isArray(resource) ? resource : [resource]
      types[type] = (types[type] ?? 0) + several.length
      if (type !== 'IntervalBlock') continue
      for (const reading of several.flatMap(block => block.IntervalReading ?? [])) {
        readings += 1
        values += BigInt(reading.value ?? 0)
        costs += BigInt(reading.cost ?? 0)
      }
    }
  }
  found.push({ types, readings, values: values.toString(), costs: costs.toString() })
}
console.log(JSON.stringify(found))
