using System.Text;

namespace NativeRetrieval.Evaluation.Data.Layouts;

/// <summary>Unicode's normal forms of file names.</summary>
internal static class UnicodeForm
{
    /// <summary>A name in form C, in which <c>é</c> is one character however it was typed; a name that is not Unicode as it is.</summary>
    public static string Composed(string name)
    {
        try
        {
            return name.Normalize(NormalizationForm.FormC);
        }
        catch (ArgumentException)
        {
            return name;
        }
    }
}
