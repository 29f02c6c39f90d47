namespace NativeRetrieval.Evaluation.Data;

/// <summary>Collects problems while data is read and decoded.</summary>
public sealed class DataFindings
{
    const int ExamplesKept = 5;

    readonly Dictionary<DataProblem, (int Count, List<string> Examples)> _found = [];

    /// <summary>Counts one occurrence of a problem; the places of the first five are kept.</summary>
    /// <param name="where">Place of the occurrence: file and line, file, or caption.</param>
    public void Add(DataProblem problem, string where)
    {
        var (count, examples) = _found.GetValueOrDefault(problem, (0, []));
        if (count < ExamplesKept) examples.Add(where);
        _found[problem] = (count + 1, examples);
    }

    /// <summary>The problems found, errors first, then in the order of <see cref="DataProblem"/>.</summary>
    public IReadOnlyList<DataFinding> ToList() =>
        [.. _found.Select(pair => new DataFinding(pair.Key, pair.Value.Count, pair.Value.Examples))
            .OrderByDescending(finding => finding.Severity).ThenBy(finding => finding.Problem)];
}
