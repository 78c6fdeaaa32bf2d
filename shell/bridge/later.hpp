// A timer that calls a member function: for objects that need more than one.
#pragma once

#include "reactor/reactor.hpp"

namespace moonwire {

template <typename Owner, void (Owner::*method)()>
class Later final : public Timer {
 public:
  explicit Later(Owner& owner) : owner_(owner) {}

 private:
  void on_due() override { (owner_.*method)(); }
  Owner& owner_;
};

}  // namespace moonwire
