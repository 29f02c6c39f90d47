using Microsoft.Extensions.Options;
using NativeRetrieval.Models;

namespace NativeRetrieval.Hosting;

/// <summary>Sentences about settings that no model can have, all at once.</summary>
internal sealed class OptionsCheck : IValidateOptions<NativeRetrievalOptions>
{
    public ValidateOptionsResult Validate(string? name, NativeRetrievalOptions options)
    {
        string whose = string.IsNullOrEmpty(name) ? "NativeRetrieval" : $"NativeRetrieval ({name})";
        var problems = options.Limits.Problems().ToList();
        if (string.IsNullOrWhiteSpace(options.Model))
            problems.Add($"{nameof(options.Model)} is empty; name the folder of a model");
        if (!Enum.IsDefined(options.Parts))
            problems.Add($"{nameof(options.Parts)} is {options.Parts}; expected {string.Join(", ", Enum.GetNames<ModelParts>())}");
        if (!Enum.IsDefined(options.TextPrecision))
            problems.Add($"{nameof(options.TextPrecision)} is {options.TextPrecision}; expected "
                + string.Join(", ", Enum.GetNames<TextPrecision>()));
        return problems.Count == 0 ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(problems.Select(problem => $"{whose}: {problem}"));
    }
}
