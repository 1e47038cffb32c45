/** Imported before a measured process: tells on stderr how much memory it held at most. */
process.on('exit', () => process.stderr.write(`peak ${process.resourceUsage().maxRSS} kB\n`))
