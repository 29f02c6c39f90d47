namespace NativeRetrieval.Core.Errors;

/// <summary>A setting, argument or configuration value is outside what it may be. The process exit code is 2.</summary>
public sealed class OptionException(string message) : NativeRetrievalException(message);
