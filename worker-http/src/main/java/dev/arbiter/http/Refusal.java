package dev.arbiter.http;

/**
 * Why a request was not given to the app. The connection closes after it: what follows on it cannot
 * be trusted to be where a request begins.
 *
 * @param status what the client is told, 400 to 599
 * @param reason one line for the client and the log, without anything the client sent
 */
public record Refusal(int status, String reason) {}
