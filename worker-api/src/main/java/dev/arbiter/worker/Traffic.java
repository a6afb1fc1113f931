package dev.arbiter.worker;

import java.util.List;

/**
 * What a kind adds to a beat: its part of {@link dev.arbiter.wire.Vitals}, in the same units.
 *
 * @param done requests answered
 * @param inFlight requests under way
 * @param oldestMillis age of the oldest of these
 * @param bytesIn request bytes read
 * @param bytesOut response bytes written
 * @param statusClasses responses by class, 1xx to 5xx
 * @param latency responses by time taken, in the buckets of {@code Vitals}
 * @param dropped log records that found their buffer full
 * @param direct bytes the kind's own allocator holds outside the heap and the JDK's buffer pool
 * @param busyPercent 0 to 100: how much of what the kind can do at once it did since the last beat;
 *     0 if it cannot tell, the runtime then has the process's share of its cores
 * @param overdue requests past their own deadline
 * @param overdueMillis how far the worst of these is past it
 */
public record Traffic(
    long done,
    int inFlight,
    long oldestMillis,
    long bytesIn,
    long bytesOut,
    List<Long> statusClasses,
    List<Long> latency,
    long dropped,
    long direct,
    int busyPercent,
    int overdue,
    long overdueMillis) {

  /** A kind that counts nothing. */
  public static final Traffic NONE = new Traffic(0, 0, 0, 0, 0, List.of(), List.of(), 0);

  /**
   * A kind without an allocator, a measure of its load or deadlines of its own.
   *
   * @param done requests answered
   * @param inFlight requests under way
   * @param oldestMillis age of the oldest of these
   * @param bytesIn request bytes read
   * @param bytesOut response bytes written
   * @param statusClasses responses by class, 1xx to 5xx
   * @param latency responses by time taken, in the buckets of {@code Vitals}
   * @param dropped log records that found their buffer full
   */
  public Traffic(
      long done,
      int inFlight,
      long oldestMillis,
      long bytesIn,
      long bytesOut,
      List<Long> statusClasses,
      List<Long> latency,
      long dropped) {
    this(
        done,
        inFlight,
        oldestMillis,
        bytesIn,
        bytesOut,
        statusClasses,
        latency,
        dropped,
        0,
        0,
        0,
        0);
  }

  /**
   * {@return the same, with what a kind knows beside its book of requests}
   *
   * @param droppedToo log records that are added to {@link #dropped}
   * @param direct bytes the kind's own allocator holds outside the heap and the JDK's buffer pool
   * @param busyPercent 0 to 100
   */
  public Traffic with(long droppedToo, long direct, int busyPercent) {
    return new Traffic(
        done,
        inFlight,
        oldestMillis,
        bytesIn,
        bytesOut,
        statusClasses,
        latency,
        dropped + droppedToo,
        direct,
        busyPercent,
        overdue,
        overdueMillis);
  }
}
