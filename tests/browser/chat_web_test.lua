--- scripts/chat_web.lua in a real browser: two tabs of a headless Chromium exchange messages. The
-- browser is driven through its DevTools, a WebSocket that speaks JSON. Exits with 77 where there
-- is none, and says so.
local check = require "check"
local json = require "json"
local process = require "process"

local PATIENCE <const> = 30  -- seconds: a browser takes its time to start
local binary <const> = os.getenv "MOONWIRE"

if not os.execute "command -v chromium >/dev/null" then
  print "skipped: there is no chromium here"
  os.exit(77)
end

--- The first line of `stream` with what `pattern` captures.
local function await(stream, pattern)
  while true do
    local line = check.ok(stream:read("l", { timeout = PATIENCE }), pattern)
    local found = line:match(pattern)
    if found then return found end
  end
end

--- Chromium with a profile of its own, that asks nobody anything.
local function start_browser(profile)
  local browser = check.ok(process.spawn { "chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
    "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-sync",
    "--disable-component-update", "--disable-extensions", "--remote-debugging-port=0",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--user-data-dir=" .. profile,
    "about:blank", stdout = "null" })
  local address = await(browser.stderr, "^DevTools listening on (ws://%S+)")
  local rest = spawn(function() for _ in browser.stderr:lines() do end end)
  return browser, check.ok(connect(address, { max_message = 16 << 20 })), rest
end

--- The next thing that the browser says.
local function hear(tools)
  local said = check.ok(json.decode((check.ok(tools.ws:read(nil, { timeout = PATIENCE })))))
  if said.method == "Page.frameNavigated" then tools.at[said.sessionId] = said.params.frame.url end
  if said.method == "Page.loadEventFired" then tools.loaded[said.sessionId] = tools.at[said.sessionId] end
  return said
end

--- What a command to the browser, or to a tab, is answered.
local function ask(tools, method, parameters, session)
  tools.asked = (tools.asked or 0) + 1
  tools.ws:write(json.encode { id = tools.asked, method = method, params = parameters or json.object {},
    sessionId = session })
  while true do
    local answer = hear(tools)
    if answer.id == tools.asked then
      return answer.result or error(method .. ": " .. json.encode(answer.error), 2)
    end
  end
end

local function open_tab(tools, url)
  local target = ask(tools, "Target.createTarget", { url = "about:blank" }).targetId
  local tab = ask(tools, "Target.attachToTarget", { targetId = target, flatten = true }).sessionId
  ask(tools, "Page.enable", nil, tab)
  ask(tools, "Page.navigate", { url = url }, tab)
  while tools.loaded[tab] ~= url .. "/" do hear(tools) end
  return tab
end

--- The value of an expression in the page; one that is a promise is waited for.
local function evaluate(tools, tab, expression)
  local answer = ask(tools, "Runtime.evaluate",
    { expression = expression, awaitPromise = true, returnByValue = true }, tab)
  if answer.exceptionDetails then error(json.encode(answer.exceptionDetails), 2) end
  return answer.result.value
end

--- Waits until the page shows a text.
local function shows(tools, tab, text)
  return evaluate(tools, tab, ([[new Promise(done => {
    const look = () => document.body && document.body.innerText.includes(%s) ? done(true) : setTimeout(look, 20)
    look()
  })]]):format(json.encode(text)))
end

local function type_in(tools, tab, id, text)
  evaluate(tools, tab, ([[{ const field = document.getElementById("%s"); field.value = %s
    field.dispatchEvent(new Event("change")) }]]):format(id, json.encode(text)))
end

local function say(tools, tab, text)
  type_in(tools, tab, "text", text)
  evaluate(tools, tab, [[document.getElementById("form").requestSubmit()]])
end

check.case("two tabs of a browser talk to each other", function()
  local profile = os.tmpname()
  os.remove(profile)
  local server = check.ok(process.spawn { binary, "scripts/chat_web.lua", "127.0.0.1:0" })
  local url = await(server.stdout, "^chat on (%S+)")
  local browser, ws, rest = start_browser(profile)
  local guard <close> = setmetatable({}, { __close = function()
    for _, each in ipairs { server, browser } do each:kill "KILL" each:wait(PATIENCE) end
    os.execute(("rm -rf '%s'"):format(profile))
  end })
  local tools = { ws = ws, at = {}, loaded = {} }
  local ann, ben = open_tab(tools, url), open_tab(tools, url)
  check.equal(shows(tools, ann, "guest"), true)
  type_in(tools, ann, "name", "Ann")
  type_in(tools, ben, "name", "Ben")
  check.equal(shows(tools, ann, "here: Ann, Ben"), true)
  say(tools, ann, "hello from Ann \u{1F319}")
  check.equal(shows(tools, ben, "hello from Ann \u{1F319}"), true)
  say(tools, ben, "<b>and back</b>")
  check.equal(shows(tools, ann, "<b>and back</b>"), true)
  local told = evaluate(tools, ann, "room.extensions")
  check.match(told, "permessage%-deflate")
  ask(tools, "Target.closeTarget", { targetId = ask(tools, "Target.getTargetInfo", nil, ben).targetInfo.targetId })
  check.equal(shows(tools, ann, "Ben has left"), true)
  ask(tools, "Browser.close")
  for _ in ws:messages() do end
  check.equal(browser:wait(PATIENCE), true)
  rest:join()
end)

check.done()
