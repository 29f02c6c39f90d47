namespace NativeRetrieval.WeightsConvert.Names;

/// <summary>What holds for all maps: <c>common.json</c>.</summary>
sealed record CommonDocument(string[] Wrappers, OrderedDictionary<string, string> Ignore, FrontEndDocument[] FrontEnds);
