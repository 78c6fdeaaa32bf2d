// A connection that serves HTTP: one task reads its requests, one after the other, and calls
// the listener's handler for each (lua/http/server/serve.lua).
#include "bridge/connection.hpp"
#include "bridge/listener.hpp"

namespace moonwire {

void Connection::serve(std::shared_ptr<const HttpSettings> settings) {
  if (wait_limit == kForever) wait_limit = settings->idle_timeout;
  http_ = std::make_unique<HttpServer>(stream, std::move(settings));
  handler_running_ = true;
  set_alive(true);
  runtime().feed(*this, kListenerHandler, kHandler, Runtime::Feed::kRequests);
}

/// The next head, or the next piece of a body.
Reply Connection::attempt_http(const Need& need, Nanoseconds timeout) {
  using Step = HttpServer::Step;
  const bool head = need.what.kind == What::Kind::kRequest;
  std::string_view bytes;
  const Step step = head ? http_->next_request(bytes) : http_->body(bytes);
  if (step == Step::kReady) {
    if (head && listener_ && listener_->closed()) http_->end_soon();
    return Reply::bytes(bytes);
  }
  if (step == Step::kEnd) return Reply::nil();
  if (step == Step::kFailed && head) {
    finish(CloseReason::kError);
    return Reply::nil();
  }
  if (stream.failure()) return head ? Reply::nil() : failed("read");
  if (step == Step::kFailed) {
    return Reply::fail(runtime(), Code::kProto, "read", where(), http_->problem().text);
  }
  if (stream.state() >= Stream::State::kFinishing) {
    return head ? Reply::nil() : Reply::fail(runtime(), Code::kClosed, "read", where());
  }
  stream.want(http_->wanted());
  if (!head) {
    const Nanoseconds pace = http_->wait_for_body(Clock::now());
    return hold(need, std::min(timeout, pace));
  }
  if (http_->in_head() && !std::exchange(http_->hurried, true)) {
    timeout = http_->settings->header_timeout;
    if (Task* const waiting = reader.first()) (void)waiting->limit_wait(timeout);
  }
  return hold(need, timeout);
}

void Connection::end_serving() {
  if (!http_ || http_->upgraded()) return;
  if (!http_->busy() || http_->answered()) return finish(CloseReason::kClosed);
  http_->end_soon();
}

/// Nobody is told but a client that had begun.
void Connection::request_timed_out() {
  if (http_->in_head()) http_->refuse(408, "the head of the request took too long");
  finish(CloseReason::kTimeout);
}

/// The handler failed: the client hears of it, if nothing has been sent yet.
bool Connection::answer_failure() {
  if (!http_ || !http_->busy() || http_->begun()) return false;
  const HttpProblem& problem = http_->problem();
  http_->refuse(problem ? problem.status : 500, problem ? problem.text : "internal server error");
  finish(CloseReason::kError);
  return true;
}

}  // namespace moonwire
