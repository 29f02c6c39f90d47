namespace NativeRetrieval.WeightsConvert.Pickle;

/// <summary>What is wrong with a pickle; the machine adds file and place and makes a <c>CorruptFileException</c> of it.</summary>
sealed class PickleError(string problem) : Exception(problem);
