using System.CommandLine;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Models;

namespace NativeRetrieval.Cli.Commands;

/// <summary><c>--text-precision</c>: the numbers in which a text encoder multiplies on the CPU.</summary>
internal sealed class TextPrecisionOption : Option<string>
{
    const string OptionName = "--text-precision";

    /// <param name="changes">What 8 bits change in the command's answers; null: those of searches.</param>
    public TextPrecisionOption(string? changes = null) : base(OptionName)
    {
        Description = "What the text encoder multiplies in: fp32, or the 8-bit integers of int8, on the CPU alone: sentences are read "
            + "faster, with a quarter of the weights' memory. " + (changes ?? "Scores change by some thousandths, and close hits may "
            + "change places; the index stays as it is.");
        HelpName = string.Join('|', TextPrecisionName.All);
        DefaultValueFactory = _ => TextPrecisionName.All[0];
        CompletionSources.Add([.. TextPrecisionName.All]);
        Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && TextPrecisionName.Find(text) is null)
                result.AddError($"{OptionName} {text}: expected {string.Join(" or ", TextPrecisionName.All)}");
        });
    }

    public TextPrecision Of(ParseResult parsed) => TextPrecisionName.Find(parsed.GetRequiredValue(this))!.Value;

    /// <summary>The precision, where a command may be given no sentences.</summary>
    /// <param name="whose">Who has none of them, for the message.</param>
    /// <exception cref="OptionException">8 bits are asked for, and no sentence is read.</exception>
    public TextPrecision Of(ParseResult parsed, bool reads, string whose)
    {
        var precision = Of(parsed);
        return reads || precision == TextPrecision.Float32 ? precision
            : throw new OptionException($"{OptionName} is that of sentences, and {whose} has none; leave it out");
    }
}
