// A message that is ambiguous, with another hidden behind it, in both directions: whole, and cut
// in two and in three at every byte, the hidden one is never taken for a message.
#include <catch2/catch.hpp>

#include "net/http_response.hpp"
#include "support/http_attacks.hpp"

using namespace moonwire;
using test::Attack;

namespace {

const std::string kChunked = "Transfer-Encoding: chunked\r\n\r\n";

/// What there is in the bytes up to each cut, then in all of them: the targets of requests, each
/// with a blank behind, and "!" where something is refused.
class Requests {
 public:
  explicit Requests(const std::string& bytes) : bytes_(bytes) {}

  std::string read(std::initializer_list<std::size_t> cuts) {
    for (const std::size_t cut : cuts) take(cut);
    take(bytes_.size());
    return told_;
  }

 private:
  void take(std::size_t end) {
    end_ = end;
    while (in_body_ ? body() : head()) {
    }
  }

  /// Of all so far, what is not used; elsewhere in memory each time, as in a buffer that moves.
  const std::string& unused() { return there_ = bytes_.substr(used_, end_ - used_); }
  bool refuse() {
    if (!over_) told_ += '!';
    over_ = true;
    return false;
  }

  bool head() {
    if (over_) return false;
    const HttpState state = head_.parse_request(unused(), {});
    if (state == HttpState::kMalformed) return refuse();
    if (state == HttpState::kIncomplete) return false;
    told_.append(head_.target).append(" ");
    used_ += head_.size;
    length_ = head_.length;
    chunked_ = HttpChunked();
    in_body_ = head_.framing != HttpFraming::kNone;
    is_chunked_ = head_.framing == HttpFraming::kChunked;
    head_.reset();
    return true;
  }

  bool body() {
    if (over_) return false;
    if (!is_chunked_) {
      const std::size_t taken = std::min<std::size_t>(length_, end_ - used_);
      used_ += taken;
      length_ -= taken;
      in_body_ = length_ > 0;
      return !in_body_;
    }
    using Kind = HttpChunked::Step::Kind;
    const HttpChunked::Step step = chunked_.next(unused());
    if (step.kind == Kind::kMalformed) return refuse();
    used_ += step.used;
    in_body_ = step.kind != Kind::kEnd;
    return step.kind != Kind::kMore;
  }

  const std::string& bytes_;
  std::string told_, there_;
  std::size_t used_ = 0, end_ = 0;
  HttpHead head_;
  HttpChunked chunked_;
  std::uint64_t length_ = 0;
  bool in_body_ = false, is_chunked_ = false, over_ = false;
};

/// A client's view: statuses, bodies, "!" where it ends in a failure.
std::string read_answer(const std::string& bytes, std::initializer_list<std::size_t> cuts) {
  HttpResponseReader reader("GET", {});
  std::string told;
  std::size_t put = 0;
  const auto* cut = cuts.begin();
  for (;;) {
    const auto event = reader.next();
    if (!event) return told + '!';
    switch (event->kind) {
      case HttpResponseReader::Kind::kHead: told += std::to_string(reader.head().status); break;
      case HttpResponseReader::Kind::kData: told += event->data; break;
      case HttpResponseReader::Kind::kEnd: return told;
      case HttpResponseReader::Kind::kNeedsMore: {
        if (put == bytes.size()) return told + " (more)";
        const std::size_t end = cut == cuts.end() ? bytes.size() : *cut++;
        reader.put(std::string_view(bytes).substr(put, end - put));
        put = end;
      }
    }
  }
}

/// Cuts `bytes` everywhere in two and in three, a long one not everywhere in three; how often
/// `good(cuts)` was false.
template <typename Good>
int failures_of_cuts(const std::string& bytes, Good&& good) {
  int failures = 0;
  const std::size_t step = bytes.size() > 200 ? 13 : 1;
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    for (std::size_t second = first; second <= bytes.size(); second += step) {
      if (!good({first, second})) ++failures;
    }
  }
  return failures;
}

const std::string kHidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kHiddenAnswer = "HTTP/1.1 299 Hidden\r\nContent-Length: 6\r\n\r\nhidden";

}  // namespace

TEST_CASE("smuggling: behind an ambiguous head no request is found", "[net]") {
  const std::string first = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
  CHECK(Requests(first + kHidden).read({}) == "/a /hidden ");  // it would be found
  for (const Attack& attack : test::kRequestAttacks) {
    CAPTURE(attack.name);
    const std::string bytes = first + attack.bytes + kHidden;
    CHECK(Requests(bytes).read({}) == "/a !");
    CHECK(failures_of_cuts(bytes, [&](std::initializer_list<std::size_t> cuts) {
            return Requests(bytes).read(cuts) == "/a !";
          }) == 0);
  }
}

TEST_CASE("smuggling: behind an ambiguous chunk no request is found", "[net]") {
  const std::string first = "POST /a HTTP/1.1\r\nHost: a\r\n" + kChunked;
  CHECK(Requests(first + "3\r\nabc\r\n0\r\n\r\n" + kHidden).read({}) == "/a /hidden ");
  for (const Attack& attack : test::kChunkAttacks) {
    CAPTURE(attack.name);
    const std::string bytes = first + attack.bytes + "\r\n0\r\n\r\n" + kHidden;
    CHECK(Requests(bytes).read({}) == "/a !");
    CHECK(failures_of_cuts(bytes, [&](std::initializer_list<std::size_t> cuts) {
            return Requests(bytes).read(cuts) == "/a !";
          }) == 0);
  }
}

TEST_CASE("smuggling: behind an ambiguous head no answer is found", "[net]") {
  for (const Attack& attack : test::kAnswerAttacks) {
    CAPTURE(attack.name);
    const std::string bytes = attack.bytes + kHiddenAnswer;
    CHECK(read_answer(bytes, {}) == "!");
    CHECK(failures_of_cuts(bytes, [&](std::initializer_list<std::size_t> cuts) {
            return read_answer(bytes, cuts) == "!";
          }) == 0);
  }
}

TEST_CASE("smuggling: behind an ambiguous chunk no answer is found", "[net]") {
  for (const Attack& attack : test::kChunkAttacks) {
    CAPTURE(attack.name);
    const std::string bytes =
        "HTTP/1.1 200 OK\r\n" + kChunked + attack.bytes + "\r\n0\r\n\r\n" + kHiddenAnswer;
    const auto refused = [&](std::initializer_list<std::size_t> cuts) {
      const std::string told = read_answer(bytes, cuts);
      return told.ends_with('!') && told.find("hidden") == told.npos;
    };
    CHECK(refused({}));
    CHECK(failures_of_cuts(bytes, refused) == 0);
  }
}
