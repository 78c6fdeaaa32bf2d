// The contract of Runtime, without a shell around it: tasks, their ends and their
// reports, what keeps it going, and what it costs.
#include "bridge/runtime.hpp"

#include <catch2/catch.hpp>

#include "support/scripting.hpp"

using namespace moonwire;
using namespace std::chrono_literals;
using test::Ending;
using test::Scripting;

TEST_CASE("Runtime: a chunk that C++ starts", "[bridge]") {
  Scripting s;
  REQUIRE(s.runtime().open());
  Ending ending;

  SECTION("runs in a turn, not at once, and gives its results") {
    REQUIRE(s.start("return 1, 'two', true, nil", ending));
    CHECK_FALSE(ending.ended());
    CHECK(s.runtime().anything_left());
    REQUIRE(s.turn(0ms));
    CHECK(ending.calls == 1);
    CHECK(ending.ok);
    CHECK(ending.results == "1 two true nil");
    CHECK(lua_gettop(s.main()) == 0);
    CHECK_FALSE(s.runtime().anything_left());
  }
  SECTION("gets arguments") {
    ending.main = s.main();
    REQUIRE(luaL_loadstring(s.main(), "local a, b = ... return b, a") == LUA_OK);
    lua_pushinteger(s.main(), 1);
    lua_pushinteger(s.main(), 2);
    REQUIRE(s.runtime().start(2, &ending));
    CHECK(lua_gettop(s.main()) == 0);
    REQUIRE(s.settle());
    CHECK(ending.results == "2 1");
  }
  SECTION("may wait, and goes on where it was") {
    REQUIRE(s.start("local t = now() sleep(0.02) return now() - t >= 0.02", ending));
    REQUIRE(s.turn(0ms));
    CHECK_FALSE(ending.ended());
    REQUIRE(s.settle());
    CHECK(ending.results == "true");
  }
  SECTION("gives very many results") {
    REQUIRE(s.start("return table.unpack({}, 1, 100000)", ending));
    REQUIRE(s.settle());
    CHECK(ending.ok);
    CHECK(ending.results.size() == 100000 * 4 - 1);
    CHECK(lua_gettop(s.main()) == 0);
  }
  SECTION("that is cancelled while it waits closes its variables, and is told so") {
    REQUIRE(
        s.start("local c <close> = setmetatable({}, {__close = function() closed = true end})"
                "sleep(10)",
                ending));
    REQUIRE(s.turn(0ms));
    Task* task = s.runtime().sleepers_.first();
    REQUIRE(task);
    SECTION("by cancel(): raised at its wait") {
      s.runtime().cancel(*task);
      REQUIRE(s.settle());
      CHECK_FALSE(ending.ok);
      CHECK(ending.message == "cancelled");
    }
    SECTION("by end_task(): without a word") {
      s.runtime().end_task(*task);
      REQUIRE(s.settle());
      CHECK(ending.cancelled);
    }
    SECTION("by shut_down()") {
      s.runtime().shut_down();
      CHECK(s.runtime().drained());
      CHECK(ending.cancelled);
    }
    CHECK(ending.calls == 1);
    CHECK(s.reports.empty());
    CHECK(s.run("return closed") == "true");
  }
  SECTION("that is cancelled before it began never begins") {
    REQUIRE(s.start("began = true", ending));
    s.runtime().cancel(*s.runtime().tasks().back());
    REQUIRE(s.settle());
    CHECK(ending.cancelled);
    CHECK(s.run("return began") == "nil");
  }
  SECTION("may outlive the test: nothing is told then") {
    REQUIRE(s.start("sleep(10)", ending));
    REQUIRE(s.turn(0ms));
    s.owned.reset();
    CHECK_FALSE(ending.ended());
  }
}

TEST_CASE("Runtime: a chunk that fails", "[bridge]") {
  Scripting s;
  REQUIRE(s.runtime().open());
  Ending ending;
  REQUIRE(lua_gettop(s.main()) == 0);

  SECTION("is told with position and traceback") {
    REQUIRE(
        s.start("local function inner() error('bad') end\nlocal function outer()\n inner()\n"
                "end\nouter()",
                ending));
    REQUIRE(s.settle());
    CHECK(ending.message == "test:1: bad");
    CHECK(ending.results == "test:1: bad");
    CHECK(ending.traceback ==
          "\t[C]: in function 'error'\n"
          "\ttest:1: in upvalue 'inner'\n"
          "\ttest:3: in local 'outer'\n"
          "\ttest:5: in main chunk");
  }
  SECTION("in a coroutine below it shows the frames of the chunk") {
    REQUIRE(s.start("coroutine.wrap(function() error('deep', 0) end)()", ending));
    REQUIRE(s.settle());
    CHECK(ending.message == "test:1: deep");
    CHECK(ending.traceback == "\ttest:1: in main chunk");
  }
  SECTION("with a value that is no text") {
    REQUIRE(s.start("error({})", ending));
    REQUIRE(s.settle());
    CHECK(ending.message == "(error object is a table value)");
    CHECK(ending.results == "table");
  }
  SECTION("with a value whose __tostring fails") {
    REQUIRE(
        s.start("error(setmetatable({}, {__tostring = function() error('no', 0) end}))", ending));
    REQUIRE(s.settle());
    CHECK(ending.message == "(error in __tostring: no)");
  }
  SECTION("and whose __close fails as well: both are told") {
    REQUIRE(
        s.start("local c <close> = setmetatable({}, {__close = function() error('two', 0) end})"
                "error('one', 0)",
                ending));
    REQUIRE(s.settle());
    CHECK(ending.message == "one");
    REQUIRE(s.reports.size() == 1);
    CHECK(s.reports[0].message == "two");
  }
  SECTION("in deep recursion shows both ends of the stack, and how much is between") {
    REQUIRE(s.start("local function f(n) if n == 0 then error('x') end f(n - 1) return 1 end f(50)",
                    ending));
    REQUIRE(s.settle());  // error, 51 times f, the chunk: 11, 31, 11
    CHECK(ending.traceback.starts_with("\t[C]: in function 'error'\n\t"));
    CHECK(ending.traceback.find("\n\t...\t(skipping 31 levels)\n\t") != std::string::npos);
    CHECK(ending.traceback.find(": in main chunk") != std::string::npos);
    CHECK(std::count(ending.traceback.begin(), ending.traceback.end(), '\n') == 22);
  }
  SECTION("and as deep as it goes") {
    REQUIRE(s.start("local function f(n) return 1 + f(n + 1) end f(1)", ending));
    REQUIRE(s.settle());
    CHECK(ending.message.find("stack overflow") != std::string::npos);
    CHECK(ending.traceback.find(": in main chunk") != std::string::npos);
    CHECK(std::count(ending.traceback.begin(), ending.traceback.end(), '\n') == 22);
  }
  SECTION("of a stack that is just short enough, all of it") {
    REQUIRE(s.start("local function f(n) if n == 0 then error('x') end f(n - 1) return 1 end f(19)",
                    ending));
    REQUIRE(s.settle());
    CHECK(ending.traceback.find("...") == std::string::npos);
    CHECK(std::count(ending.traceback.begin(), ending.traceback.end(), '\n') == 21);
  }
  CHECK(ending.calls == 1);
  CHECK_FALSE(ending.ok);
  CHECK(lua_gettop(s.main()) == 0);
}

TEST_CASE("Runtime: what nobody catches is reported", "[bridge]") {
  Scripting s;
  REQUIRE(s.runtime().open());

  SECTION("of a timer: with the frames of the script alone") {
    CHECK(s.run("local function f() error('late') end timeout(0, function() f() end)").empty());
    REQUIRE(s.settle());
    REQUIRE(s.reports.size() == 1);
    CHECK(s.reports[0].source == "timer 1");
    CHECK(s.reports[0].message == "test:1: late");
    CHECK(s.reports[0].traceback ==
          "\t[C]: in function 'error'\n"
          "\ttest:1: in upvalue 'f'\n"
          "\ttest:1: in function <test:1>");
    CHECK(s.runtime().failures == 1);
  }
  SECTION("of a task that is not joined") {
    CHECK(s.run("spawn(function() error('alone', 0) end)").empty());
    REQUIRE(s.settle());
    REQUIRE(s.reports.size() == 1);
    CHECK(s.reports[0].source == "task 1");
    CHECK(s.reports[0].message == "alone");
  }
  SECTION("not of one that is") {
    CHECK(s.run("return spawn(function() error('heard', 0) end):join()") == "nil heard");
    CHECK(s.reports.empty());
    CHECK(s.runtime().failures == 0);
  }
  SECTION("not of one that was cancelled") {
    CHECK(s.run("local t = spawn(sleep, 10) sleep(0) t:cancel()").empty());
    REQUIRE(s.settle());
    CHECK(s.reports.empty());
  }
  CHECK_FALSE(s.runtime().anything_left());
}

TEST_CASE("Runtime: what keeps it going", "[bridge]") {
  Scripting s;
  REQUIRE(s.runtime().open());
  const auto after = [&](const char* code) {
    const std::string result = s.run(code);
    CHECK(result.empty());
    return s.runtime().anything_left();
  };
  CHECK_FALSE(s.runtime().anything_left());
  CHECK_FALSE(after(""));
  CHECK_FALSE(after("t = timeout(nil, print)"));
  CHECK(after("t:add(10)"));
  CHECK_FALSE(after("t:delete()"));
  CHECK(after("s = spawn(sleep, 10) sleep(0)"));
  CHECK_FALSE(after("s:cancel() sleep(0)"));
  CHECK_FALSE(after("h = before_sleep(function() end)"));
  CHECK(after("l = listen(0, function() end)"));
  CHECK_FALSE(after("l:close()"));
  CHECK_FALSE(after("s = spawn(function() return s:join() end)"));
}

TEST_CASE("Runtime: a turn", "[bridge]") {
  Scripting s;
  Runtime& runtime = s.runtime();
  REQUIRE(runtime.open());
  const auto calls = [&] { return runtime.turn({.max_wait = 0ms}).value_or(-1); };

  SECTION("counts the calls into Lua") {
    CHECK(s.run("for i = 1, 3 do timeout(0, function() end) end").empty());
    int all = 0;
    REQUIRE(s.until([&] { return (all += calls()) == 3 || !runtime.anything_left(); }));
    CHECK(all == 3);
    CHECK(calls() == 0);
  }
  SECTION("tells of a listener's address while it is opened") {
    std::vector<std::string> told;
    runtime.notice = [&](std::string_view text) { told.emplace_back(text); };
    CHECK(s.run("l = listen '127.0.0.1:0' again = listen(l.address) l:close()").empty());
    REQUIRE(told.size() == 1);
    CHECK(told[0].starts_with("listening on tcp 127.0.0.1:"));
  }
  SECTION("runs deferred work later, and not of an object that is gone") {
    Handle* timer = nullptr;
    static int runs;
    runs = 0;
    CHECK(s.run("t = timeout(60, print)").empty());
    runtime.each<Handle>(Type::kTimer, [&](Handle& each) { timer = &each; });
    REQUIRE(timer != nullptr);
    const auto work = [](Handle&) { ++runs; };
    runtime.defer_for(*timer, work);
    CHECK(runs == 0);
    CHECK(calls() == 0);
    CHECK(runs == 1);
    CHECK(s.run("t:delete() t = nil collectgarbage()").empty());
    CHECK(s.handles() == 0);
    CHECK(runs == 1);
  }
  SECTION("takes abort() for the next dispatch that is not explicit") {
    CHECK_FALSE(runtime.take_abort());
    CHECK(s.run("abort()").empty());
    CHECK(runtime.take_abort());
    CHECK_FALSE(runtime.take_abort());
  }
  SECTION("ends a dispatch in progress") {
    Ending ending;
    REQUIRE(s.start("timeout(60, print) return dispatch()", ending));
    REQUIRE(s.until([&] { return runtime.dispatch_in_progress(); }));
    runtime.abort_dispatch("enough");
    REQUIRE(s.until([&] { return ending.ended(); }));
    CHECK(ending.results == "enough");
    CHECK_FALSE(runtime.take_abort());
    runtime.delete_all();
    CHECK_FALSE(runtime.anything_left());
  }
  SECTION("tells of a slow call, and where it is, while calls are timed") {
    std::vector<std::string> sites;
    runtime.slow_call = [&](const Task&, Nanoseconds took, const std::string& site) {
      if (took >= Runtime::kSlowCall) sites.push_back(site);
    };
    const char* const script =
        "local function busy() local t = now() while now() - t < 0.11 do end end\n"
        "timeout(0, function() busy() end)\n"
        "spawn(function() sleep(0) busy() sleep(0) end)\n"
        "timeout(0, setmetatable({}, { __call = busy }))";
    CHECK(s.run(script).empty());
    REQUIRE(s.settle());
    CHECK(sites.empty());
    runtime.time_calls = true;
    CHECK(s.run(script).empty());
    REQUIRE(s.settle());
    std::sort(sites.begin(), sites.end());
    CHECK(sites == std::vector<std::string>{"test:2", "test:3", "timer 4"});
  }
}

TEST_CASE("Runtime: shut_down", "[bridge]") {
  Scripting s;
  Runtime& runtime = s.runtime();
  REQUIRE(runtime.open());
  CHECK(s.run("l = listen('127.0.0.1:0', { sendbuf = 4096 }, function(c)"
              "  local mark <close> = setmetatable({}, { __close = function() closed = true end })"
              "  c:write(('x'):rep(1 << 20)) wrote = true c:read 'a' end)"
              " c = connect(l.address, { recvbuf = 4096, unread_limit = 0 })"
              " for _ = 1, 1000 do if not wrote then sleep(0.001) end end")
            .empty());
  runtime.shut_down();
  CHECK_FALSE(runtime.drained());
  CHECK(s.run("return closed, (pcall(function() return l.fd end))") == "true true");
  CHECK(s.run("return l.fd == nil") == "true");
  CHECK(s.run("return c.state") != "open");
  runtime.each<Handle>(Type::kConnection, [](Handle& each) { each.close(); });
  CHECK(runtime.drained());
}

TEST_CASE("Runtime: tickets", "[bridge]") {
  Scripting s;
  REQUIRE(s.runtime().open());

  SECTION("that are collected end their objects") {
    CHECK(s.run("for i = 1, 100 do timeout(nil, print) end collectgarbage()").empty());
    REQUIRE(s.turn(0ms));
    CHECK(s.handles() == 0);
  }
  SECTION("of objects that can bring an event are not collected") {
    CHECK(s.run("for i = 1, 100 do timeout(0, function() n = (n or 0) + 1 end) end"
                " collectgarbage() collectgarbage()")
              .empty());
    REQUIRE(s.settle());
    CHECK(s.run("collectgarbage() return n") == "100");
    REQUIRE(s.turn(0ms));
    CHECK(s.handles() == 0);
  }
  SECTION("of a task closed while it goes on are safe, whatever it returns") {
    CHECK(
        s.run("do local t <close> = spawn(function() pcall(sleep, 10) return 1, 2 end) sleep(0) end"
              " collectgarbage() sleep(0) collectgarbage()")
            .empty());
    CHECK(
        s.run(
             "do local t <close> = spawn(function() pcall(sleep, 10) collectgarbage() return 1 end)"
             " sleep(0) end sleep(0)")
            .empty());
    CHECK(s.run("kept = spawn(function() pcall(sleep, 10) return 1, 2 end) sleep(0)"
                " do local t <close> = kept end sleep(0) return kept:join()") == "1 2");
    REQUIRE(s.settle());
    CHECK(s.reports.empty());
  }
  SECTION("of a timer whose connection closes: its finalizer runs") {
    CHECK(s.run("local l = listen(0, function(c) c:read() end)"
                " local c = connect(l.address)"
                " c:timeout(10, print):on_free(function() freed = true end)"
                " c:close() collectgarbage() sleep(0) l:close() return freed") == "true");
    REQUIRE(s.settle());
  }
}

TEST_CASE("Runtime: memory", "[bridge]") {
  Scripting s;
  REQUIRE(s.runtime().open());
#ifdef NDEBUG
  const std::string many = "1000000";
#else
  const std::string many = "100000";
#endif
  const auto kilobytes = [&] {
    return std::stod(s.run("collectgarbage() collectgarbage() return collectgarbage('count')"));
  };
  CHECK(s.run("for i = 1, 1000 do timeout(1, print):delete() end").empty());
  const double before = kilobytes();

  SECTION("timers made and deleted in one callback come and go") {
    CHECK(s.run("local f, most = function() end, 0 for i = 1, " + many +
                " do timeout(1, f):delete()"
                " if i % 1000 == 0 then most = math.max(most, collectgarbage('count')) end end"
                " return most < " +
                std::to_string(2 * before + 1000)) == "true");
    CHECK(s.slots() < 20000);
  }
  SECTION("failures that are caught leave nothing behind") {
    CHECK(s.run("for i = 1, " + many + " do pcall(timeout, -1) pcall(wait, 0, 'x') end").empty());
    const std::size_t depth = s.runtime().scratch_depth();
    CHECK(depth == 0);
  }
  SECTION("tasks are used again") {
    CHECK(s.run("for i = 1, 5000 do spawn(function() sleep(0) end):join() end").empty());
    CHECK(s.runtime().tasks().size() < 10);
    CHECK(s.run("local all = {} for i = 1, 5000 do all[i] = spawn(function() return i end) end"
                " local sum = 0 for _, t in ipairs(all) do sum = sum + t:join() end return sum") ==
          "12502500");
    REQUIRE(s.settle());
    CHECK(s.run("for i = 1, 300 do spawn(function() end) end").empty());
    CHECK(s.runtime().tasks().size() < 5010);
  }
  REQUIRE(s.turn(0ms));
  CHECK(kilobytes() < before + 1000);
}

TEST_CASE("Runtime: trees of tasks are cancelled without recursion", "[bridge]") {
  Scripting s;
  REQUIRE(s.runtime().open());
  const char* const deep =
      "count = 0 "
      "local function nest(n)"
      "  local mark <close> = setmetatable({}, {__close = function() count = count + 1 end})"
      "  if n == 0 then bottom = true return sleep(100) end"
      "  local child <close> = spawn(nest, n - 1)"
      "  child:join()"
      "end "
      "root = spawn(nest, 20000) ";
  CHECK(s.run(deep + std::string("while not bottom do sleep(0) end")).empty());
  CHECK(s.run("root:cancel() return root:join()") == "nil cancelled");
  REQUIRE(s.settle());
  CHECK(s.run("return count") == "20001");
  CHECK(s.reports.empty());
}
