package dev.arbiter.http;

import dev.arbiter.app.App;

/**
 * An app, ready for its start-up.
 *
 * @param loader the app's own class loader; the context class loader of every thread that runs it
 * @param description for the log: {@code app.App (blocking)}
 */
public record LoadedApp(App app, ClassLoader loader, String description) {}
