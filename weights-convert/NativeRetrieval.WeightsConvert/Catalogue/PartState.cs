namespace NativeRetrieval.WeightsConvert.Catalogue;

/// <summary>What has to be known to go on with a download in another process.</summary>
/// <param name="Url">The bytes on disk came from there.</param>
/// <param name="Validator">Strong ETag or date of the last change, as sent in <c>If-Range</c>; null: the server named none.</param>
sealed record PartState(string Url, string? Validator);
