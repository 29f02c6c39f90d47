namespace NativeRetrieval.Core.Errors;

/// <summary>
/// Root of every error that a caller or user can cause. The message says what failed, where, what was expected,
/// what was found and what to do; it is fit to be shown to a user as it stands.
/// </summary>
public class NativeRetrievalException(string message, Exception? inner = null) : Exception(message, inner);
