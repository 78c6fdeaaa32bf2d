// The server's side of one HTTP/1 connection: takes requests and their bodies out of a stream,
// and puts answers into it, so that the two never get out of step. One request at a time: what
// a client sends ahead stays in the stream. Does not own the stream, and never waits: what is
// not there yet is kMore. One thread.
#pragma once

#include <memory>
#include <string>

#include "net/content_encoder.hpp"
#include "net/http_chunked.hpp"
#include "net/stream.hpp"

namespace moonwire {

/// Each has an option of its name in the manual.
struct HttpSettings {
  HttpLimits limits;
  std::uint64_t max_body = 1 << 20;  ///< read whole, or read over
  Nanoseconds header_timeout = std::chrono::seconds(10);
  Nanoseconds idle_timeout = std::chrono::seconds(60);
  Nanoseconds body_timeout = std::chrono::seconds(20);  ///< of all waits for a body together
  double body_rate = 500;  ///< bytes that have come, each so many for a second more
};

/// Fields as they go out, each with its CRLF, and which of them are there.
struct HttpFields {
  std::string_view text;
  std::uint64_t length = 0;  ///< Content-Length
  bool has_length = false;
  bool has_type = false, has_date = false;
  bool close = false;  ///< Connection: close
};

class HttpServer {
 public:
  enum class Step : std::uint8_t { kMore, kReady, kEnd, kFailed };

  HttpServer(Stream& stream, std::shared_ptr<const HttpSettings> settings)
      : settings(std::move(settings)), stream_(stream) {}

  /// --- in ----------------------------------------------------------------------------
  /// kReady: the head of the next request, good until the stream is read again. kEnd: no other
  /// comes. kFailed: what came is no request; it has been answered, and nothing may follow.
  /// What is left of the last request's body is read over first.
  Step next_request(std::string_view& head);
  /// kReady: a piece of the body, as good as that. kFailed: problem() says why; nothing may
  /// follow, and an answer that has not begun should be problem().status.
  Step body(std::string_view& piece);
  const HttpProblem& problem() const { return problem_; }
  /// The answer that is due is the last: it says so if it has not begun.
  void end_soon() { keep_ = false; }
  /// Who reads it whole has had enough: 413.
  void refuse_body() { fail(413, "the body is too long"); }
  /// It is not what its type says: 400.
  void spoil_body() { fail(400, "the body is malformed"); }
  /// The body is waited for from now on, if it was not already: for how long at most.
  Nanoseconds wait_for_body(TimePoint now);
  /// That wait was too long: 408.
  void give_up_body() { fail(408, "the body came too slowly"); }
  /// What the client said its body's length is; max if it has not.
  std::uint64_t announced() const { return in_ == HttpFraming::kChunked ? UINT64_MAX : announced_; }
  /// Of a chunked body that has ended: as they came, each with CRLF.
  const std::string& trailers() const { return trailers_; }
  /// A head has begun to come, and is not there yet.
  bool in_head() const { return !busy_ && !stream_.unread().empty(); }
  /// How much must fit into the stream's buffer for the next step.
  std::size_t wanted() const { return settings->limits.head + 2; }

  /// --- out: null, or what is wrong with it --------------------------------------------
  /// A whole answer.
  const char* respond(int status, const HttpFields& fields, std::string_view body);
  /// The head of an answer whose body follows in pieces: of the length that `fields` have, or
  /// chunked, or until the end of an HTTP/1.0 connection. With `packer` what is written is packed;
  /// the fields say so, and have no length.
  const char* begin(int status, const HttpFields& fields,
                    std::unique_ptr<ContentEncoder> packer = nullptr);
  const char* write(std::string_view piece);
  /// The end of such a body. `trailers` go out if it is chunked.
  const char* end(std::string_view trailers);
  /// An interim answer: 103.
  const char* inform(int status, const HttpFields& fields);
  /// 101 or the answer to CONNECT: what follows on the stream is not HTTP.
  const char* upgrade(int status, const HttpFields& fields);
  /// A short answer in plain text; nothing follows it.
  void refuse(int status, std::string_view text);

  bool busy() const { return busy_; }    ///< a request has come and is not answered
  bool begun() const { return begun_; }  ///< its answer has
  bool answered() const { return begun_ && !open_; }
  bool upgraded() const { return upgraded_; }
  /// Another request may come. Once answered.
  bool keeps() const { return keep_ && !upgraded_ && !problem_ && answered(); }
  int status() const { return status_; }  ///< of the answer
  /// Method and target of the last request, cut short: for reports.
  const std::string& asked() const { return asked_; }
  /// Bytes of its body; of an answer to HEAD none.
  std::uint64_t sent() const { return head_only_ ? 0 : sent_; }

  const std::shared_ptr<const HttpSettings> settings;
  bool hurried = false;  ///< the time for the head that is coming runs

 private:
  void start(const HttpHead& head);
  Step fail(int status, std::string_view text);
  Step counted(std::string_view& piece);
  Step chunk(std::string_view& piece);
  bool body_over() const { return in_ == HttpFraming::kNone || over_; }
  void ask_for_body();
  const char* head(int status, const HttpFields& fields, std::string_view framing,
                   std::string& out);
  const char* pack(std::string_view piece, ContentEncoder::Part part);
  void send(std::string_view piece);
  bool bodiless(int status) const { return status == 204 || status == 304; }

  Stream& stream_;
  HttpProblem problem_;
  std::string trailers_;
  std::string asked_;
  std::unique_ptr<HttpChunked> chunked_;
  std::unique_ptr<ContentEncoder> packer_;
  Nanoseconds waited_{0};       // for the body that comes, up to its last piece
  TimePoint waiting_since_{};   // the epoch: nobody waits
  std::uint64_t received_ = 0;  // of it
  std::uint64_t left_ = 0;      // of the body that comes, if its length is known
  std::uint64_t announced_ = 0;
  std::uint64_t skipped_ = 0;   // read over
  std::uint64_t out_left_ = 0;  // of the body that goes
  std::uint64_t sent_ = 0;
  int status_ = 0;
  HttpFraming in_ = HttpFraming::kNone, out_ = HttpFraming::kNone;
  bool busy_ = false, begun_ = false, open_ = false, upgraded_ = false;
  bool over_ = false;  // the body has come
  bool keep_ = true;
  bool http_1_0_ = false, head_only_ = false;
  bool expects_ = false;     // a 100 is due before the body comes
  bool blank_seen_ = false;  // an empty line before the first
};

}  // namespace moonwire
