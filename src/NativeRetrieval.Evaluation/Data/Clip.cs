namespace NativeRetrieval.Evaluation.Data;

/// <summary>One row of a caption file.</summary>
/// <param name="FileName">File name as the caption file has it: the clip's name in results and submissions.</param>
/// <param name="AudioPath">The sound file.</param>
/// <param name="Captions">Captions as written; none for a sound that is only ranked.</param>
/// <param name="Line">Line of the caption file, for messages; 0 where there is none.</param>
public sealed record Clip(string FileName, string AudioPath, IReadOnlyList<string> Captions, int Line);
