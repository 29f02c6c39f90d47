
namespace NativeRetrieval.Evaluation.Data;

/// <summary>One row of a caption file.</summary>
/// <param name="FileName">As the caption file has it; the clip's name in results and submissions.</param>
/// <param name="AudioPath">The sound file.</param>
/// <param name="Captions">At least one, as written.</param>
/// <param name="Line">Where it stands in the caption file, for messages.</param>
public sealed record Clip(string FileName, string AudioPath, IReadOnlyList<string> Captions, int Line);
