package dev.arbiter.app;

import java.util.concurrent.ConcurrentMap;

/**
 * What an app learns when it starts.
 *
 * @param workerNr this worker's slot, 0 to {@code workerCount - 1}; a replacement takes over its
 *     predecessor's number
 * @param workerCount how many slots the fleet had when this worker was started
 * @param generation counts reloads, from 1
 * @param kind the worker kind that hosts the app, such as {@code netty}
 * @param state filled by the app, seen by each of its requests; safe for concurrent use
 */
public record Lifespan(
    int workerNr,
    int workerCount,
    long generation,
    String kind,
    ConcurrentMap<String, Object> state) {}
