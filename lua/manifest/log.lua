--- The manifest: the module log.
local function write(level, what)
  return {
    name = "log." .. level,
    signature = ("log.%s(...)"):format(level),
    summary = ("Writes %s to the log."):format(what),
    args = { { name = "...", type = "any", text = "joined by blanks" } },
    waits = false,
    example = ([[
local log = require "log"
log.%s("peer", 7, "says", true)]]):format(level),
  }
end

return {
  name = "log",
  module = "log",
  title = "The module log",
  entries = {
    write("error", "a failure"),
    write("warn", "a warning"),
    write("info", "what people want to know"),
    write("debug", "what explains the rest"),
    write("debug2", "the finest detail"),
    {
      name = "log.level",
      signature = "log.level([name])",
      summary = "Sets and tells which levels pass.",
      args = { { name = "name", type = '"error"|"warn"|"info"|"debug"|"debug2"|nil',
        text = "the last that does: \"warn\" keeps info and debug away" } },
      results = "the name of the last that does, \"debug2\" at first",
      returns = { "string level" },
      waits = false,
      text = "It holds for terminal, file and connection:log. The system's log and mail may have levels "
        .. "of their own.",
      example = [[
local log = require "log"
print(log.level())                  --> debug2
log.level "warn"
log.info "not written"
log.level "debug2"]],
    },
    {
      name = "log.terminal",
      signature = "log.terminal([on])",
      summary = "Says whether and how the log is written to the terminal.",
      args = { { name = "on", type = 'boolean|"json"|nil', default = "true at first",
        text = "\"json\" writes an object a line" } },
      results = "how it is",
      returns = { 'boolean|"json" on' },
      waits = false,
      text = "The terminal is stderr. A target that fails says so there in any case, once.",
      example = [[
local log = require "log"
log.terminal "json"
log.info "for a collector of logs"
log.terminal(true)]],
    },
    {
      name = "log.file",
      signature = "log.file(path [, options])",
      summary = "Writes the log to a file as well.",
      args = {
        { name = "path", type = "string|false", text = "a line is appended for each entry; false ends it" },
        { name = "options", type = "log_file_options?" },
      },
      options = "log_file",
      results = "true; or nil, message, code, and what was there before goes on",
      returns = { "true? ok", "string? message", "string? code" },
      errors = { { "EACCES", "it may not be written" }, { "ENOENT", "there is no such directory" } },
      waits = false,
      text = [[
A line is in the file when the call returns. A file that somebody renames or removes is left with the
next entry, which begins a new one under the name; so tools that rotate logs need no signal, and
those that send one find `signal("SIGHUP", log.reopen)`. Several processes may write to one file.

What the shell itself tells is there as well: errors of tasks and callbacks with their tracebacks,
attempts of a client that reconnects. What cannot be written (the disk is full) goes to the terminal,
even where that is silenced.]],
      example = [[
local log = require "log"
local path = os.tmpname()
log.file(path, { max_size = 1000000, keep = 3 })
log.terminal(false)
log.warn("disk", 91, "% full")
log.file(false)
log.terminal(true)
print(io.open(path):read("a"):match "warn.*%%")   --> warn disk 91 %
os.remove(path)]],
    },
    {
      name = "log.syslog",
      signature = "log.syslog([options])",
      summary = "Writes to the log of the system as well.",
      args = { { name = "options", type = "log_syslog_options|false|nil", text = "false ends it" } },
      options = "log_syslog",
      results = "true; or nil, message, code",
      returns = { "true? ok", "string? message", "string? code" },
      errors = { { "EDNS", "the host is unknown" } },
      waits = "for the name of a host",
      text = "Entries that a daemon does not take (there is none, it is too slow) are lost to it, and "
        .. "counted in the next one.",
      example = [[
local log = require "log"
sock = listen("udp://127.0.0.1:0")
log.syslog { address = sock.address, tag = "demo", facility = "daemon" }
log.warn "hello"
print((sock:read():gsub("1 %S+ %S+ demo %d+", "...")))   --> <28>... - - hello
log.syslog(false)]],
    },
    {
      name = "log.mail",
      signature = "log.mail(options)",
      summary = "Sends the log by mail as well, a storm of errors as one mail.",
      args = { { name = "options", type = "log_mail_options|false", text = "without both `from` and `to` "
        .. "nothing is sent; false ends it" } },
      options = "log_mail",
      results = "true",
      returns = { "true ok" },
      waits = false,
      text = [[
The first entry waits a second for others; then one mail leaves, and the next not before `interval` is
over. The same text stands in it once, with how often it came; of more than a hundred different ones
the rest is counted. A mail that fails is told by the other targets and goes with the next; after three
times it is given up. What waits for its time keeps the program going; os.exit does not: see log.flush.]],
      example = [[
local log = require "log"
log.mail { server = "mail.example.org", from = "app@example.org", to = "ops@example.org",
  level = "error", interval = 600 }
log.mail(false)]],
    },
    {
      name = "log.reopen",
      signature = "log.reopen()",
      summary = "Opens the file of log.file anew.",
      results = "true; or nil, message, code, and the old one goes on",
      returns = { "true? ok", "string? message", "string? code" },
      errors = { { "EACCES", "it may not be written" } },
      waits = false,
      example = [[
local log = require "log"
hangup = signal("SIGHUP", log.reopen)
hangup:delete()]],
    },
    {
      name = "log.flush",
      signature = "log.flush([seconds])",
      summary = "Sends at once what waits to go by mail.",
      args = { { name = "seconds", type = "number?", unit = "seconds", default = 10,
        text = "how long that may take" } },
      results = "whether all has gone",
      returns = { "boolean done" },
      waits = true,
      example = [[
local log = require "log"
print(log.flush())                  --> true]],
    },
  },
}
