namespace NativeRetrieval.Cuda.Interop.Libraries;

/// <summary>One try to find a library.</summary>
/// <param name="Origin">Who named the place.</param>
/// <param name="File">Absolute path; where no file of the name was there, the folder, or the bare names that the system was asked for.</param>
/// <param name="Problem">Why it was not taken; null for the one that was.</param>
public sealed record LibraryAttempt(string Origin, string File, string? Problem);
