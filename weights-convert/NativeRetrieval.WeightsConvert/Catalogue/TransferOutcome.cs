namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>How one request ended that did not fail for good.</summary>
/// <param name="Problem">Why another is needed; null: the file is complete.</param>
/// <param name="RetryAfter">When the server wants to be asked again.</param>
readonly record struct TransferOutcome(Exception? Problem, TimeSpan? RetryAfter = null)
{
    public bool Complete => Problem is null;
}
