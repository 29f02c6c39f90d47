using Microsoft.Extensions.Logging;
using NativeRetrieval.Cli.Output;

namespace NativeRetrieval.Cli.Commands;

/// <summary>Warnings and errors of a service, on the terminal.</summary>
internal sealed class TerminalLog(Terminal terminal) : ILoggerProvider, ILogger
{
    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel)) return;
        string text = formatter(state, exception);
        if (logLevel == LogLevel.Warning) terminal.Warning(text);
        else terminal.Failure(text, exception?.ToString());
    }

    public void Dispose()
    {
    }
}
