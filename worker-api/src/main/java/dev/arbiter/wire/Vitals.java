package dev.arbiter.wire;

import java.util.List;

/**
 * What a beat carries. Counters run from the worker's start.
 *
 * @param seq counts beats, from 1
 * @param loopLagMicros for each event loop, how long its last task waited, or has been waiting
 * @param executorLagMicros the same for the scheduler that runs blocking apps
 * @param done requests answered
 * @param inFlight requests under way
 * @param oldestMillis age of the oldest of these
 * @param connections open connections
 * @param accepted connections accepted
 * @param heapAfterGc bytes of heap in use after the last collection, 0 before the first
 * @param heapMax bytes the heap may grow to
 * @param gcMillis time spent in collections
 * @param rss resident bytes of the process
 * @param bytesIn request bytes read
 * @param bytesOut response bytes written
 * @param statusClasses responses by class, 1xx to 5xx
 * @param latency responses by time taken: bucket <i>i</i> counts those of at most 2<sup>i</sup>
 *     times 100 microseconds
 * @param dropped access records and output lines that found their buffer full
 * @param heapUsed bytes of heap in use now, garbage included
 * @param metaspace bytes of class metadata in use
 * @param direct bytes of memory outside the heap in buffers: the JDK's, and what the kind's own
 *     allocator holds beside them
 * @param busyPercent 0 to 100: how much of what the worker can do at once it did since the last
 *     beat. The larger of the kind's own measure (the share of requests that may run at once; the
 *     share of time the loops did not wait) and the process's share of its cores
 * @param overdue requests under way that are past their own {@code --request-timeout}
 * @param overdueMillis how far the worst of these is past it
 */
public record Vitals(
    long seq,
    List<Long> loopLagMicros,
    long executorLagMicros,
    long done,
    int inFlight,
    long oldestMillis,
    int connections,
    long accepted,
    long heapAfterGc,
    long heapMax,
    long gcMillis,
    long rss,
    long bytesIn,
    long bytesOut,
    List<Long> statusClasses,
    List<Long> latency,
    long dropped,
    long heapUsed,
    long metaspace,
    long direct,
    int busyPercent,
    int overdue,
    long overdueMillis) {}
