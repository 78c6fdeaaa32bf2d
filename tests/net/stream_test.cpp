// The contract of Stream, what comes in: pieces cut out of what was read, what stays,
// and how much is taken in.
#include "net/stream.hpp"

#include <catch2/catch.hpp>

#include "support/streaming.hpp"

using namespace moonwire;
using namespace std::chrono_literals;
using test::poll_once;
using test::Streaming;

namespace {

using Lines = std::vector<std::string>;

/// Takes every line that is there.
void take_lines(Stream& stream, Lines& into, bool keep = false) {
  while (auto line = stream.take_line(keep)) into.emplace_back(line.view());
}

std::string text(Piece piece) { return piece ? std::string(piece.view()) : "(nothing)"; }

}  // namespace

TEST_CASE("Stream: lines", "[net]") {
  Streaming s;
  s.attach();
  Lines lines;
  bool keep = false;
  s.sink.then_input = [&] { take_lines(s.stream, lines, keep); };

  SECTION("are cut without LF or CR LF, and a CR in the middle stays") {
    s.send("one\ntwo\r\n\r\n\nmid\rdle\n\r\r\n");
    REQUIRE(s.until([&] { return lines.size() == 6; }));
    CHECK(lines == Lines{"one", "two", "", "", "mid\rdle", "\r"});
  }
  SECTION("are cut with what ends them if asked to") {
    keep = true;
    s.send("one\ntwo\r\n\nrest");
    REQUIRE(s.until([&] { return lines.size() == 3; }));
    CHECK(lines == Lines{"one\n", "two\r\n", "\n"});
    CHECK(s.stream.unread() == "rest");
  }
  SECTION("are the same wherever the input is divided") {
    const std::string all = "a\r\nbc\n\r\n\ndef\r\n";
    for (std::size_t at = 1; at < all.size(); ++at) {
      CAPTURE(at);
      lines.clear();
      s.send(all.substr(0, at));
      REQUIRE(poll_once(s.reactor) == 1);
      s.send(all.substr(at));
      REQUIRE(poll_once(s.reactor) == 1);
      CHECK(lines == Lines{"a", "bc", "", "", "def"});
      CHECK(s.stream.unread().empty());
    }
  }
  SECTION("come byte by byte") {
    for (const char byte : std::string("x\r\nyz\n")) {
      s.send({&byte, 1});
      REQUIRE(poll_once(s.reactor) == 1);
    }
    CHECK(lines == Lines{"x", "yz"});
  }
  SECTION("without a newline count at the end of the stream only") {
    s.send("last");
    REQUIRE(s.holds(4));
    CHECK(lines.empty());
    s.end();
    REQUIRE(s.until([&] { return s.stream.ended(); }));
    CHECK(lines == Lines{"last"});
    CHECK_FALSE(s.stream.take_line(false));
  }
  SECTION("that are too long stay, whether their newline has come or not") {
    s.stream.limits.max_line = 4;
    s.send("abc\nabcd\nx\n");
    REQUIRE(s.holds(7));
    CHECK(lines == Lines{"abc"});
    CHECK(s.stream.unread() == "abcd\nx\n");
    s.stream.limits.max_line = 5;
    take_lines(s.stream, lines);
    CHECK(lines == Lines{"abc", "abcd", "x"});
  }
  SECTION("longer than any buffer are carried over many reads") {
    const std::string longest(700 * 1024, 'x');
    std::string rest = "first\n" + longest + "\nlast\n";
    const bool came = s.until([&] {
      const ssize_t count = ::send(s.far.get(), rest.data(), rest.size(), 0);
      if (count > 0) rest.erase(0, static_cast<std::size_t>(count));
      return lines.size() == 3;
    });
    REQUIRE(came);
    CHECK(lines[0] == "first");
    CHECK((lines[1] == longest));
    CHECK(lines[2] == "last");
  }
}

TEST_CASE("Stream: pieces", "[net]") {
  Streaming s;
  s.attach();

  SECTION("of a size are whole or not at all") {
    s.send("abcdef");
    REQUIRE(s.holds(6));
    CHECK_FALSE(s.stream.take(7));
    CHECK(text(s.stream.take(0)).empty());
    CHECK(text(s.stream.take(4)) == "abcd");
    CHECK(text(s.stream.take(2)) == "ef");
    CHECK_FALSE(s.stream.take(1));
  }
  SECTION("of any size are what is there") {
    CHECK_FALSE(s.stream.take_some(10));
    s.send("abcdef");
    REQUIRE(s.holds(6));
    CHECK(text(s.stream.take_some(4)) == "abcd");
    CHECK(text(s.stream.take_some(100)) == "ef");
    CHECK_FALSE(s.stream.take_some(1));
  }
  SECTION("end at a delimiter, which may come in parts") {
    const std::string all = "head--x--body";
    for (std::size_t at = 1; at < all.size(); ++at) {
      CAPTURE(at);
      std::string found;
      s.stream.search_anew();
      s.sink.then_input = [&] {
        if (found.empty()) found = text(s.stream.take_until("--x--", 100)).substr(0, 9);
        if (found == "(nothing)") found.clear();
      };
      s.send(all.substr(0, at));
      REQUIRE(poll_once(s.reactor) == 1);
      s.send(all.substr(at));
      REQUIRE(poll_once(s.reactor) == 1);
      CHECK(found == "head");
      CHECK(text(s.stream.take_some(100)) == "body");
    }
  }
  SECTION("up to a delimiter are at most so long") {
    s.send("12345;");
    REQUIRE(s.holds(6));
    CHECK_FALSE(s.stream.take_until(";", 4));
    CHECK(text(s.stream.take_until(";", 5)) == "12345");
  }
  SECTION("up to a delimiter, then up to another, or to the end of a line") {
    s.send("one\ntwo,three");
    REQUIRE(s.holds(13));
    CHECK_FALSE(s.stream.take_until(";", 100));
    s.stream.search_anew();
    CHECK(text(s.stream.take_until(",", 100)) == "one\ntwo");
    s.stream.put_back("one\ntwo,");
    CHECK_FALSE(s.stream.take_until(";", 100));
    CHECK(text(s.stream.take_line(false)) == "one");
    CHECK_FALSE(s.stream.take_until(";", 100));
    CHECK(text(s.stream.take_some(4)) == "two,");
    s.stream.search_anew();
    CHECK(text(s.stream.take_until("h", 100)) == "t");
  }
  SECTION("hold any byte") {
    const std::string all("\0\xff\n\0", 4);
    s.send(all);
    REQUIRE(s.holds(4));
    CHECK(text(s.stream.take_line(true)) == std::string("\0\xff\n", 3));
    CHECK(text(s.stream.take(1)) == std::string("\0", 1));
  }
  SECTION("are good until the next one is taken") {
    s.send("one\ntwo\nthree");
    REQUIRE(s.holds(13));
    const auto one = s.stream.take_line(false);
    CHECK(text(one) == "one");
    const auto two = s.stream.take_line(false);
    s.send("more");
    CHECK(text(two) == "two");
    const auto three = s.stream.take_some(100);  // all that is left: the buffer goes
    CHECK(text(three) == "three");
  }
  SECTION("within on_input are good until it ends") {
    Lines taken;
    s.sink.then_input = [&] {
      const auto one = s.stream.take(2);
      const auto two = s.stream.take(2);
      const auto rest = s.stream.take_some(100);
      taken = {text(one), text(two), text(rest)};
    };
    s.send("aabbcc");
    REQUIRE(poll_once(s.reactor) == 1);
    CHECK(taken == Lines{"aa", "bb", "cc"});
  }
}

TEST_CASE("Stream: bytes put back", "[net]") {
  Streaming s;
  s.attach();

  SECTION("come first") {
    s.send("world");
    REQUIRE(s.holds(5));
    s.stream.put_back("hello ");
    CHECK(s.stream.unread() == "hello world");
    CHECK(text(s.stream.take(6)) == "hello ");
  }
  SECTION("to an empty stream, before anything came") {
    s.stream.put_back("early\n");
    s.send("late\n");
    REQUIRE(s.holds(11));
    CHECK(text(s.stream.take_line(false)) == "early");
    CHECK(text(s.stream.take_line(false)) == "late");
  }
  SECTION("within on_input") {
    Lines lines;
    bool first = true;
    s.sink.then_input = [&] {
      if (std::exchange(first, false)) {
        const std::string word(s.stream.take(3).view());
        s.stream.put_back(word + "!");
      }
      take_lines(s.stream, lines);
    };
    s.send("abcdef\nrest");
    REQUIRE(poll_once(s.reactor) == 1);
    CHECK(lines == Lines{"abc!def"});
    CHECK(s.stream.unread() == "rest");
    s.send("ing\n");
    REQUIRE(poll_once(s.reactor) == 1);
    CHECK(lines == Lines{"abc!def", "resting"});
  }
  SECTION("may be what was just taken") {
    s.send("key: value\r\nmore");
    REQUIRE(s.holds(16));
    const auto line = s.stream.take_line(false);
    REQUIRE(line);
    s.stream.put_back(line.view());
    CHECK(s.stream.unread() == "key: valuemore");
    const auto all = s.stream.take_some(100);
    s.stream.put_back(all.view());
    CHECK(s.stream.unread() == "key: valuemore");
    const auto some = s.stream.take(3);
    s.stream.put_back(some.view());
    s.stream.put_back("a long one, so that the buffer has to grow: " + std::string(300, '.'));
    CHECK(s.stream.take_some(1000).view().ends_with("...key: valuemore"));
  }
  SECTION("make a line that was looked through before") {
    s.send("tail");
    REQUIRE(s.holds(4));
    CHECK_FALSE(s.stream.take_line(false));
    s.stream.put_back("a\nb");
    CHECK(text(s.stream.take_line(false)) == "a");
    CHECK_FALSE(s.stream.take_line(false));
    s.send("\n");
    REQUIRE(s.holds(6));
    CHECK(text(s.stream.take_line(false)) == "btail");
  }
}

TEST_CASE("Stream: input", "[net]") {
  Streaming s;
  s.attach();

  SECTION("is told once, and what is not taken stays") {
    s.send("abc");
    REQUIRE(poll_once(s.reactor) == 1);
    CHECK(poll_once(s.reactor) == 0);
    CHECK(s.sink.inputs == 1);
    s.send("def");
    REQUIRE(poll_once(s.reactor) == 1);
    CHECK(s.stream.unread() == "abcdef");
    CHECK(s.stream.bytes_in() == 6);
  }
  SECTION("is carried over as text grows beyond the shared buffer") {
    s.stream.limits.unread_limit = 900 * 1024;
    std::string sent;
    const bool full = s.until([&] {
      const std::string block(4096, static_cast<char>('a' + sent.size() / 4096 % 26));
      while (sent.size() < 900 * 1024 && s.send(block)) sent += block;
      return s.stream.unread().size() >= 900 * 1024;
    });
    REQUIRE(full);
    CHECK((s.stream.unread() == sent));
    CHECK(s.stream.take(sent.size()));
  }
  SECTION("stops at unread_limit, and goes on when something is taken") {
    s.stream.limits.unread_limit = 1000;
    s.send(std::string(2500, 'x'));
    REQUIRE(s.holds(1000));
    for (int i = 0; i < 3; ++i) CHECK(poll_once(s.reactor) == 0);
    CHECK(s.stream.unread().size() == 1000);
    CHECK(s.stream.take(400));
    REQUIRE(poll_once(s.reactor) == 1);
    CHECK(s.stream.unread().size() == 1000);
    CHECK(s.stream.bytes_in() == 1400);
  }
  SECTION("beyond unread_limit is taken in for who wants it") {
    s.stream.limits.unread_limit = 100;
    s.send(std::string(2500, 'x'));
    REQUIRE(s.holds(100));
    s.stream.want(2000);
    REQUIRE(s.holds(2000));
    CHECK(poll_once(s.reactor) == 0);
    CHECK(s.stream.unread().size() == 2000);
    s.stream.want(0);
    CHECK(s.stream.take(1950));
    REQUIRE(poll_once(s.reactor) == 1);
    CHECK(s.stream.unread().size() == 100);
  }
  SECTION("comes in reads of read_size at most") {
    s.stream.limits.read_size = 10;
    std::size_t most = 0;
    s.sink.then_input = [&] { most = std::max(most, s.stream.take_some(100).view().size()); };
    s.send(std::string(95, 'x'));
    REQUIRE(s.until([&] { return s.stream.bytes_in() == 95; }));
    CHECK(most == 10);
    CHECK(s.sink.inputs == 10);
  }
  SECTION("waits while paused, its end as well") {
    s.stream.pause(true);
    s.send("abc");
    s.end();
    for (int i = 0; i < 3; ++i) CHECK(poll_once(s.reactor) == 0);
    CHECK(s.stream.unread().empty());
    s.stream.pause(false);
    REQUIRE(s.until([&] { return s.stream.ended(); }));
    CHECK(s.stream.unread() == "abc");
    CHECK(s.sink.inputs == 2);
  }
  SECTION("paused from within") {
    s.stream.limits.read_size = 3;
    s.sink.then_input = [&] { s.stream.pause(true); };
    s.send("abcdef");
    CHECK(poll_once(s.reactor) == 1);
    CHECK(poll_once(s.reactor) == 0);
    CHECK(s.stream.unread() == "abc");
  }
  SECTION("of two streams does not mix in the shared buffer") {
    test::RecordingSink other_sink;
    Stream other(s.net, other_sink);
    test::SocketPair pair;
    REQUIRE(other.attach(pair.take_near()));
    s.send("from");
    test::Ends::put(pair.far(), "else");
    REQUIRE(s.until([&] { return s.sink.inputs + other_sink.inputs == 2; }));
    s.send(" one");
    test::Ends::put(pair.far(), "where");
    REQUIRE(s.until([&] { return s.sink.inputs + other_sink.inputs == 4; }));
    CHECK(s.stream.unread() == "from one");
    CHECK(other.unread() == "elsewhere");
  }
}
