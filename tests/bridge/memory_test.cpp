// Lua's memory runs out: at the N-th request, for every N, through scripts that use all
// of the bridge. Whatever happens to the script, the shell goes on: nothing crashes,
// leaks or waits for ever, and when there is memory again everything works.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "support/scripting.hpp"

using namespace moonwire;
using namespace std::chrono_literals;
using test::Ending;
using test::Scripting;

namespace {

/// A lua_Alloc that refuses some requests. Giving back and shrinking always work.
struct Miser {
  std::size_t requests = 0;
  std::size_t from = SIZE_MAX;   // refuses this one
  std::size_t count = SIZE_MAX;  // and so many in all
  bool refused = false;

  static void* call(void* self, void* block, std::size_t old_size, std::size_t new_size) {
    auto& miser = *static_cast<Miser*>(self);
    if (new_size == 0) {
      std::free(block);
      return nullptr;
    }
    const bool grows = !block || new_size > old_size;
    if (grows && ++miser.requests >= miser.from && miser.requests - miser.from < miser.count) {
      miser.refused = true;
      return nullptr;
    }
    return std::realloc(block, new_size);
  }
  void refuse(std::size_t next, std::size_t many) {
    requests = 0;
    from = next;
    count = many;
    refused = false;
  }
  void relent() { from = SIZE_MAX; }
};

struct Starving : Scripting {
  Miser& miser;
  explicit Starving(Miser& allocator) : miser(allocator) {
    runtime().allocate = Miser::call;
    runtime().allocate_hook = &miser;
  }
};

// Each waits with a limit, so that whatever fails the others end.
const char* const kTalk = R"lua(
  local server <close> = listen("127.0.0.1:0", function(c)
    c:on { close = function() closed = true end }
    for line in c:lines() do c:write(line:upper(), "\n") end
  end)
  local hooks, ticks = 0, 0
  local hook <close> = before_sleep(function() hooks = hooks + 1 end)
  timeout(0, function() ticks = ticks + 1 return ticks < 3 end)
  local task = spawn(function(a, b) sleep(0.001) return a + b, "sum" end, 1, 2)
  local wrapped = coroutine.wrap(function(x)
    sleep(0)
    local y = coroutine.yield(x + 1)
    return y * 2
  end)
  local c <close> = assert(connect(server.address, { timeout = 1 }))
  assert(c:write("hello\n", 42, "\n"))
  local first, second = c:read("l", { timeout = 1 }), c:read("l", { timeout = 1 })
  local sum, word = task:join(1)
  local twice = wrapped(1) + wrapped(20)
  for _ = 1, 50 do if ticks < 3 then sleep(0.001) end end
  return first, second, sum, word, twice, ticks, hooks > 0
)lua";
const char* const kTold = "HELLO 42 3 sum 42 3 true";

const char* const kCallbacks = R"lua(
  local got, freed, seen = {}, false, 0
  local server <close> = listen("127.0.0.1:0")
  connect(server.address, function(c)
    if not c then return end
    c:frame "line"
    c:on {
      data = function(_, line) got[#got + 1] = line end,
      shutdown = function() c:finish() end,
      closing = function() got[#got + 1] = "closing" end,
      close = function(_, why) got[#got + 1] = why end,
    }
    c:timeout(2, print):on_free(function() freed = true end)
  end)
  local c <close> = assert(server:accept { timeout = 1 })
  local own = c:spawn(function() local ok, why = pcall(sleep, 2) error(why, 0) end)
  c:write("a\nb\n")
  assert(c:flush { timeout = 1 })
  c:shutdown()
  c:read("a", { timeout = 1 })
  local e <close> = event(function() seen = seen + 1 return seen < 2 end, nil, "persist")
  e:add(0.001)
  local quit = spawn(function()
    for _ = 1, 40 do if seen < 2 or not freed then sleep(0.001) end end
    abort()
  end)
  local stop <close> = timeout(0.5, abort)
  local how = dispatch()
  local nested = select("#", pcall(coroutine.wrap(function() sleep(0) error {} end)))
  local sorted = pcall(table.sort, { 3, 2, 1 }, function(x, y) sleep(0) return x < y end)
  return how, table.concat(got, " "), math.min(seen, 2), freed, nested, sorted
)lua";
const char* const kCalled = "abort a b closing closed 2 true 2 false";

const char* const kAnswer = R"lua(
  local native = require "native.http_client"
  local reader = native.reader("GET", 1000, 1000, 200, true)
  reader:put "HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n"
  reader:put "3\r\nabc\r\n0\r\n\r\n"
  local head, piece, over = reader:next(), reader:next(), reader:next()
  local url = native.url("../x?y", "http://a:b@h:81/c/d")
  return head.status, #head.fields, piece, over, reader:reusable(), url.user, url.authority, url.target
)lua";
const char* const kAnswered = "200 42 abc false true a h:81 /x?y";

const char* const kRest = R"lua(
  local server <close> = listen("127.0.0.1:0", function(c)
    local key = assert(c:read_until(";", { timeout = 1 }))
    c:unread("left")
    c:set { nodelay = true }
    c:write(c:peek(2), c:take(), key)
    c:finish()
  end)
  local a <close> = assert(connect(server.address, { timeout = 1 }))
  local b <close> = assert(connect(server.address, { timeout = 1 }))
  local fired = 0
  local w <close> = read(a, function(...) fired = fired + 1 end)
  local s <close> = signal("USR1", print)
  a:write("key;")
  b:write("lock;")
  local ready = wait(a, "r", 1)
  w:delete()
  local text = a:read("a", { timeout = 1 })
  local piped = { spawn(function() return b:read("a", { timeout = 1 }) end):join(1) }
  local rows = #conns() > 2 and #tostring(timers) > 0 and #tostring(tasks) > 0 and why ~= nil
  local wrong = select(2, pcall(listen, 0, { backlgo = 1 }))
  local refused, message, code = connect("127.0.0.1:1", { timeout = 1 })
  local shown = inspect { 1, { 2, x = "y" }, server }
  for _ = 1, 3 do loop(true) end
  local sum = 0
  for i, task in ipairs { spawn(sleep, 0), spawn(error, {}), spawn(coroutine.isyieldable) } do
    sum = sum + (task:join(1) == nil and i or 0)
  end
  local again = require "inspect" == require "inspect"
  return ready, text, piped[1], rows, wrong:match "backlog", code, #shown > 10, sum, again, fired > 0
)lua";
const char* const kRested = "r leleftkey leleftlock true backlog ECONNREFUSED true 3 true true";

// What is ended while it waits inside coroutines; failures from deep down.
const char* const kEnded = R"lua(
  local log = {}
  local function guarded(name, inner)
    return function()
      local guard <close> = setmetatable({}, { __close = function() log[#log + 1] = name end })
      inner()
    end
  end
  local function nested(wait) guarded("a", coroutine.wrap(guarded("b", wait)))() end
  local cancelled <close> = spawn(nested, function() sleep(0.5) end)
  local stubborn <close> = spawn(nested, function() for _ = 1, 3 do pcall(sleep, 0.5) end end)
  local left <close> = spawn(nested, abort_branch)
  sleep(0)
  cancelled:cancel()
  stubborn:cancel()
  local words = {}
  for i, task in ipairs { cancelled, stubborn, left } do
    words[i] = tostring(select(2, task:join(1)))
  end
  local function dig(n) if n == 0 then error("deep", 0) end dig(n - 1) return n end
  local deep = select(2, spawn(dig, 60):join(1))
  return table.concat(log), words[1], words[2], words[3], deep
)lua";
const char* const kEndedAll = "bababa cancelled cancelled cancelled deep";

const char* const kPrograms = R"lua(
  local process = require "process"
  local p = assert(process.spawn { "cat", env = { A = "1" }, cwd = "/" })
  local waiter = spawn(function() return p:wait(1) end)
  p.stdin:write "through"
  p.stdin:finish()
  local text = p.stdout:read("a", { timeout = 1 })
  local _, how, code = waiter:join(1)
  local out, err, status = process.run { "cat", input = "run", timeout = 1 }
  local missing = select(3, process.spawn { "no-such-program" })
  return text, how, code, out, status, missing, tostring(p):match "exit"
)lua";
const char* const kEndedWell = "through exit 0 run 0 ENOENT exit";

// Where memory is refused a datagram may be lost, and a read is in vain: for `limit` seconds.
const char* const kDatagrams = R"lua(
  local echo <close> = listen("udp://127.0.0.1:0", function(sock, data, from)
    if data == "slow" then sleep(0.001) end
    sock:send(from, data:upper())
  end)
  local c <close> = assert(connect(echo.address, { timeout = 1 }))
  local sock <close> = assert(listen("udp://127.0.0.1:0", { read_size = 3, ttl = 5 }))
  local task = spawn(function() return sock:read { timeout = limit } end)
  sleep(0)
  c:send "slow"
  c:write("a", 1)
  local first = c:read { timeout = limit }
  local second = c:read { timeout = limit }
  sock:send(sock.address, "cut off")
  local data, from, whole = task:join(limit + 1)
  local code = select(3, c:send(("x"):rep(70000)))
  return first, second, data, from == sock.address:sub(7), whole, code, sock:get "ttl"
)lua";
const char* const kReceived = "A1 SLOW cut true 7 EMSGSIZE 5";

const char* const kJson = R"lua(
  local json = require "json"
  local text = json.encode({ list = { 1, 2.5, "x\n", json.null, json.array() }, name = {} },
    { indent = 2 })
  local value = json.decode(text)
  local refused = select(3, json.decode '{"a":[1,2,{"b":')
  local cycle = {}
  cycle[1] = cycle
  local cyclic = pcall(json.encode, cycle)
  local heard = 0
  local server <close> = listen("127.0.0.1:0", { frame = "json" }, function(c)
    c:on { data = function(_, message)
      heard = heard + #message
      c:write(message == "bad" and "nope " or json.encode(message))
    end }
  end)
  local c <close> = assert(connect(server.address, { timeout = 1, frame = "json" }))
  c:write(json.encode { "one", { two = 2 } }, '["three"] "bad"')
  local first = c:read(nil, { timeout = 1 })
  local second = c:read(nil, { timeout = 1 })
  local code = select(3, c:read(nil, { timeout = 1 }))
  return value.list[3] == "x\n", value.list[4] == json.null, refused, cyclic, first[2].two,
    second[1], code, heard
)lua";
const char* const kJsonTold = "true true EPROTO false 2 three EPROTO 6";

/// A conversation that needs all of the loop, to see that it still works.
const char* const kProof = R"lua(
  collectgarbage() collectgarbage()
  local server <close> = listen("127.0.0.1:0", function(c) c:write(c:read("l"), "!") end)
  local c <close> = connect(server.address, { timeout = 20 })
  c:write("well\n")
  return spawn(function() return c:read("a", { timeout = 20 }) end):join(), #tasks() - #tasks()
)lua";

/// Longer than any wait in the scripts.
constexpr auto kPatience = 30s;

/// True when everything has ended in time.
bool comes_to_rest(Starving& s) {
  const TimePoint end = Clock::now() + kPatience;
  while (s.runtime().anything_left()) {
    if (Clock::now() > end || !s.turn(5ms)) return false;
    (void)s.runtime().take_abort();  // for a dispatch() that came to nothing
  }
  return true;
}

#if defined(__SANITIZE_ADDRESS__) || defined(NDEBUG)
constexpr std::size_t kStride = 1;
#else
constexpr std::size_t kStride = 7;
#endif

}  // namespace

TEST_CASE("Runtime: memory that runs out while it opens", "[bridge]") {
  const std::size_t many = GENERATE(SIZE_MAX, 2);
  std::size_t refusals = 0;
  for (std::size_t n = 1;; n += kStride) {
    CAPTURE(n, many);
    Miser miser;
    miser.refuse(n, many);
    Starving s(miser);
    const Status opened = s.runtime().open();
    if (!miser.refused) {
      REQUIRE(opened);
      break;
    }
    ++refusals;
    if (opened) continue;  // the collector found some
    REQUIRE(opened.error().message() == "start: Cannot allocate memory");
  }
  CHECK(refusals > 50);
}

/// `limit` in a script: how long a wait lasts that may be in vain.
static std::string with_limit(const char* script, const char* seconds) {
  return std::string("local limit <const> = ") + seconds + script;
}

/// Runs the script again and again, with `many` requests refused from each in turn; then with
/// none, for its result.
static void sweep(const char* script, const std::string& result) {
  const std::size_t many = GENERATE(SIZE_MAX, 2, 1, 5, 25);
  const std::size_t stride = many == SIZE_MAX || many == 2 ? kStride : 3 * kStride;
  CAPTURE(many);
  bool refused = true;
  for (std::size_t n = 1; refused; n += stride) {
    CAPTURE(n);
    Miser miser;
    Starving s(miser);
    REQUIRE(s.runtime().open());
    miser.refuse(n, many);
    Ending ending;
    const bool started = s.start(with_limit(script, "0.05"), ending);
    const bool rests = comes_to_rest(s);
    const std::string story = s.what_is_left() + ending.message + " | " + ending.results +
                              (s.reports.empty() ? "" : " | " + s.reports.back().message);
    CAPTURE(story);
    REQUIRE(rests);
    REQUIRE((ending.ended() || !started));
    REQUIRE(lua_gettop(s.main()) == 0);
    refused = miser.refused;
    if (refused && n % 2 != 0) continue;  // destroyed while there is none
    miser.relent();
    REQUIRE(s.run(kProof) == "well! 0");
    REQUIRE(comes_to_rest(s));
    REQUIRE(s.run("collectgarbage() collectgarbage()").empty());
    REQUIRE(s.turn(0ms));
    REQUIRE(s.handles() == 0);
    REQUIRE(s.runtime().tasks().size() < 20);
  }
  Miser generous;
  Starving s(generous);
  REQUIRE(s.runtime().open());
  CHECK(s.run(with_limit(script, "20")) == result);
}

TEST_CASE("Runtime: memory that runs out in a conversation", "[bridge]") { sweep(kTalk, kTold); }
TEST_CASE("Runtime: memory that runs out in callbacks", "[bridge]") { sweep(kCallbacks, kCalled); }
TEST_CASE("Runtime: memory that runs out as tasks end", "[bridge]") { sweep(kEnded, kEndedAll); }
TEST_CASE("Runtime: memory that runs out with datagrams", "[bridge]") {
  sweep(kDatagrams, kReceived);
}
TEST_CASE("Runtime: memory that runs out with JSON", "[bridge]") { sweep(kJson, kJsonTold); }
TEST_CASE("Runtime: memory that runs out with answers of HTTP", "[bridge]") {
  sweep(kAnswer, kAnswered);
}
TEST_CASE("Runtime: memory that runs out elsewhere", "[bridge]") { sweep(kRest, kRested); }
TEST_CASE("Runtime: memory that runs out beside programs", "[bridge]") {
  sweep(kPrograms, kEndedWell);
}
