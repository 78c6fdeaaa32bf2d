--- The manifest: the module workers.
return {
  name = "workers",
  module = "workers",
  title = "The module workers",
  entries = {
    {
      name = "workers.run",
      signature = "workers.run([options,] main)",
      summary = "Runs worker processes and keeps them alive.",
      args = { { name = "options", type = "workers_options?" },
        { name = "main", type = "fun(number: integer)", text = "what a worker does" } },
      options = "workers",
      results = "true when it was told to stop; or nil, message, code. In a worker it does not return",
      returns = { "true? ok", "string? message", "string? code" },
      errors = {
        { "EEXIST", "`pid_file` names a supervisor that runs" },
        { "EACCES", "`pid_file` cannot be written" },
        { "EBUSY", "`daemon`: there are programs or threads that would not come along" },
      },
      waits = true,
      text = [[
The process that calls it is the supervisor. Each worker is a process of its own that runs the same
script from its beginning, up to this call: there main(number) is called. So what stands before the call
runs in each of them. Workers share an address with the option `reuseport`:

    workers.run({ processes = 4, pid_file = "app.pid" }, function(number)
      listen(":8000", { reuseport = true }, serve)
    end)

A worker that ends is started again, after a delay that grows while it ends within ten seconds. Signals to
the supervisor:

    QUIT         workers end gracefully: no new connections, those that are open
                 may end; what takes longer than `grace` is killed
    INT, TERM    workers end at once
    USR1         log.reopen(), here and there
    HUP, USR2    reload: new workers, from the script as it is now; if they live
                 the old ones end as by QUIT, if not the old ones go on. With
                 `reuseport` nobody is refused or reset meanwhile; without it
                 the address is taken, and the old ones go on

`user` and `group` are taken by the workers before main is called; who must open a port below 1024 first
calls process.become in main instead. The log has a line for each start and end. A worker ends as well when
its supervisor was killed; its standard input is what it knows that by.]],
      example = [[
local workers = require "workers"
print(pcall(workers.run, { processes = 0 }, print))
--> false    workers.run: option 'processes' must be from 1 to 1024, got 0]],
    },
  },
}
