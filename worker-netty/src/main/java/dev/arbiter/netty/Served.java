package dev.arbiter.netty;

/** A connection in its loop's list, whatever it speaks. On its loop. */
interface Served {
  /** Looks at its time limits, once a tick. */
  void check();

  /** Where it is in the list. */
  int place();

  /** It is there now. */
  void place(int index);
}
