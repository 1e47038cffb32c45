/** A process as Lambda starts one: loads the handler that is named, calls it with the event, and prints the answer last. */
const [, , verb = '', event = '', id = ''] = process.argv
const { handler } = await import(`../../../functions/${verb}.ts`)
const context = { awsRequestId: id, functionName: 'transform', getRemainingTimeInMillis: () => 600_000 }
process.stdout.write(`${JSON.stringify({ answer: await handler(JSON.parse(event), context) })}\n`)
